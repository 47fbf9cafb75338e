import type { BoardSale } from '../sale-board.ts';
import { type SaleState, saleState } from '../sale-state.ts';
import { html, type Markup } from './html.ts';
import { address, layout, type Shop } from './layout.ts';
import type { Words } from './words.ts';

/** All sales, for whoever named none or one that is not there. */
export function salesPage(
  shop: Shop,
  words: Words,
  options: { sales: readonly BoardSale[]; nowMs: number; unknown: boolean },
): string {
  const { sales, nowMs, unknown } = options;
  const heading = unknown ? 'sale.unknown' : sales.length === 0 ? 'sale.none' : 'sales.title';
  return layout(shop, words, {
    title: words.say(heading),
    path: '/',
    body: html`<section class="hero">
<p class="tag">${words.say('sale.tag')}</p>
<h1>${words.say(heading)}</h1>
${heading === 'sales.title' ? undefined : html`<p class="times">${words.say(`${heading}.text`)}</p>`}
</section>
<ul class="sales">
${sales.map((sale) => entry(words, sale, saleState(sale, nowMs)))}</ul>
`,
  });
}

function entry(words: Words, sale: BoardSale, state: SaleState): Markup {
  const href = address('/', { sale: sale.saleId, lang: words.language });
  const names = sale.items.map((item) => item.name).join(' · ');
  const [key, atMs] =
    state === 'upcoming'
      ? (['sale.opens-at', sale.opensAtMs] as const)
      : state === 'closed'
        ? (['sale.closed-at', sale.closesAtMs] as const)
        : (['sale.closes-at', sale.closesAtMs] as const);
  return html`<li class="card">
<div class="about">
<p class="state state-${state}">${words.say(`sale.${state}`)}</p>
<h2><a href="${href}">${sale.saleId}</a></h2>
<p>${names}</p>
<p class="hint">${words.say(key, { time: words.time(atMs) })}</p>
</div>
</li>
`;
}
