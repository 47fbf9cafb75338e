import type { CatalogItem } from '../../order/ports/claims.ts';
import type { BoardSale } from '../sale-board.ts';
import type { SaleState } from '../sale-state.ts';
import { html, type Markup } from './html.ts';
import { layout, type Shop } from './layout.ts';
import { hero } from './sale-page.ts';
import type { Words } from './words.ts';

/** What the form is for, and what it says when it is shown. */
export interface FormContent {
  readonly sale: BoardSale;
  readonly state: SaleState;
  /** Pieces left by SKU; a SKU that is missing is not known at the moment. */
  readonly left: ReadonlyMap<string, number>;
  /** In the form before it is shown, so that sending it twice is the same order. */
  readonly transactionId: string;
}

/** The form for shoppers without JavaScript. */
export function formPage(shop: Shop, words: Words, content: FormContent): string {
  const { sale, state } = content;
  return layout(shop, words, {
    title: `${words.say('form.title')} · ${sale.saleId}`,
    path: '/shop/form',
    query: { sale: sale.saleId },
    body: html`${hero(words, sale, state)}
${body(shop, words, content)}
<p class="hint">${words.say('form.intro')}</p>
`,
  });
}

function body(
  shop: Shop,
  words: Words,
  { sale, state, left, transactionId }: FormContent,
): Markup | undefined {
  if (shop.customerFromToken) {
    return html`<p class="notice"><b>${words.say('token.missing')}.</b> ${words.say('token.missing.text')}</p>`;
  }
  if (state === 'closed') return undefined;
  if (state === 'upcoming') return html`<p class="notice">${words.say('form.not-open')}</p>`;
  return html`<form class="card plain" method="post" action="/shop/orders">
<input type="hidden" name="lang" value="${words.language}">
<input type="hidden" name="sale" value="${sale.saleId}">
<input type="hidden" name="transactionId" value="${transactionId}">
<fieldset>
<legend>${words.say('form.item')}</legend>
${sale.items.map((item, i) => choice(words, item, left.get(item.sku), i))}</fieldset>
<p class="field"><label for="quantity">${words.say('item.quantity')}</label>
<input id="quantity" name="quantity" type="number" inputmode="numeric" min="1" max="1000" value="1" required></p>
<p class="field"><label for="customer">${words.say('customer.label')}</label>
<input id="customer" name="customerId" autocomplete="username" autocapitalize="none" maxlength="128" pattern="[!-~]{1,128}" required aria-describedby="customer-hint">
<span class="hint" id="customer-hint">${words.say('customer.hint')}</span></p>
<button type="submit">${words.say('form.submit')}</button>
</form>`;
}

function choice(words: Words, item: CatalogItem, left: number | undefined, i: number): Markup {
  const facts = [words.money(item.priceMinor), stock(words, left)];
  if (item.customerLimit !== undefined) {
    facts.push(words.say('item.limit', { n: words.number(item.customerLimit) }));
  }
  const checked = i === 0 ? html` checked` : undefined;
  return html`<label class="choice"><input type="radio" name="sku" value="${item.sku}" required${checked}>
<span><b>${item.name}</b><br>${facts.join(' · ')}</span></label>
`;
}

function stock(words: Words, left: number | undefined): string {
  if (left === undefined) return words.say('item.stock-unknown');
  return left === 0 ? words.say('item.sold-out') : words.say('item.left', { n: words.number(left) });
}
