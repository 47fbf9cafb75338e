import type { CatalogItem } from '../../order/ports/claims.ts';
import type { BoardSale } from '../sale-board.ts';
import type { SaleState } from '../sale-state.ts';
import { html, type Markup } from './html.ts';
import { address, layout, type Shop } from './layout.ts';
import type { Words } from './words.ts';

/**
 * The page of one sale. It is the same for every shopper, so that it can be kept: stock, countdown and orders are
 * the business of its scripts; without scripts it leads to the form.
 */
export function salePage(shop: Shop, words: Words, sale: BoardSale, state: SaleState): string {
  const { saleId } = sale;
  const form = address('/shop/form', { sale: saleId, lang: words.language });
  const { assets } = shop;
  return layout(shop, words, {
    title: `${words.say('page.title')} · ${saleId}`,
    path: '/',
    query: { sale: saleId },
    head: html`${shop.modules.map((name) => html`<link rel="modulepreload" href="${assets}/${name}">\n`)}<link rel="preload" href="${assets}/${words.language}.json" as="fetch" crossorigin>
<script type="module" src="${assets}/shop.js"></script>
<noscript><meta http-equiv="refresh" content="0;url=${form}"></noscript>
`,
    body: html`<div id="shop" data-sale="${saleId}" data-words="${assets}/${words.language}.json" data-auth="${shop.customerFromToken ? 'jwt' : 'none'}" data-opens-at="${sale.opensAtMs}" data-closes-at="${sale.closesAtMs}">
${hero(words, sale, state)}
<noscript><p class="notice">${words.say('noscript')} <a href="${form}">${words.say('noscript.link')}</a></p></noscript>
${shop.customerFromToken ? html`<p class="notice" data-part="sign-in" hidden></p>` : customer(words)}
<div class="items">
${sale.items.map((item, i) => card(words, item, i))}</div>
${steps(words)}
<footer><a href="${form}">${words.say('page.plain')}</a></footer>
<p class="unseen" role="status" data-part="announcer"></p>
</div>
`,
  });
}

/** Tag, headline and times of a sale, as all pages begin. */
export function hero(words: Words, sale: BoardSale, state: SaleState): Markup {
  return html`<section class="hero">
<p class="tag">${words.say('sale.tag')} <b>${sale.saleId}</b></p>
<h1 data-part="headline">${words.say(`sale.${state}`)}</h1>
<p class="times" data-part="times">${times(words, sale, state)}</p>
<div class="countdown" role="timer" data-part="countdown" hidden></div>
<p class="notice" data-part="notice" hidden></p>
</section>`;
}

function times(words: Words, sale: BoardSale, state: SaleState): string {
  if (state === 'upcoming') return words.say('sale.opens-at', { time: words.time(sale.opensAtMs) });
  const key = state === 'closed' ? 'sale.closed-at' : 'sale.closes-at';
  return words.say(key, { time: words.time(sale.closesAtMs) });
}

function customer(words: Words): Markup {
  return html`<section class="customer">
<label for="customer">${words.say('customer.label')}</label>
<input id="customer" name="customer" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="128" pattern="[!-~]{1,128}" required aria-describedby="customer-hint">
<p class="hint" id="customer-hint">${words.say('customer.hint')}</p>
</section>`;
}

function card(words: Words, item: CatalogItem, i: number): Markup {
  const { customerLimit } = item;
  return html`<article class="card" data-sku="${item.sku}" data-limit="${customerLimit ?? ''}" aria-labelledby="item-${i}">
<div class="art art-${i % 6}" aria-hidden="true"><span>${initial(item.name)}</span></div>
<div class="about">
<h2 id="item-${i}">${item.name}</h2>
<p class="price">${words.money(item.priceMinor)}</p>
<p class="stock" data-part="stock"></p>
${customerLimit === undefined ? undefined : html`<p class="limit">${words.say('item.limit', { n: words.number(customerLimit) })}</p>`}
</div>
<form class="buy" data-part="form" novalidate hidden>
<div class="quantity"${customerLimit === 1 ? html` hidden` : undefined}>
<label for="quantity-${i}">${words.say('item.quantity')}</label>
<input id="quantity-${i}" name="quantity" type="number" inputmode="numeric" min="1" max="${customerLimit ?? 1_000}" value="1" required>
</div>
<button type="submit" aria-describedby="item-${i}">${words.say('item.buy')}</button>
</form>
<div class="ticket" data-part="ticket" hidden></div>
</article>
`;
}

/** The first letter, as a picture of a thing that there is no picture of. */
function initial(name: string): string {
  const [first] = new Intl.Segmenter().segment(name.trim());
  return first?.segment.toUpperCase() ?? '·';
}

function steps(words: Words): Markup {
  return html`<section class="steps" aria-labelledby="steps">
<h2 id="steps">${words.say('steps.title')}</h2>
<ol>
${['1', '2', '3'].map((n) => html`<li><h3>${words.say(`steps.${n}`)}</h3><p>${words.say(`steps.${n}.text`)}</p></li>\n`)}</ol>
</section>`;
}
