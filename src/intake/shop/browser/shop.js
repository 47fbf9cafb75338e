import { createCountdown } from './countdown.js';
import { createNamedCustomer, createTokenCustomer } from './customer.js';
import { part, setText } from './dom.js';
import { createGateway } from './gateway.js';
import { createItemCard } from './item-card.js';
import { watchSale } from './sale-view.js';
import { createServerClock } from './server-clock.js';
import { createWords } from './words.js';

const shop = document.getElementById('shop');
const saleId = shop.dataset.sale;
const table = await (await fetch(shop.dataset.words)).json();
const words = createWords(table, document.documentElement.lang);
const clock = createServerClock();

const customer =
  shop.dataset.auth === 'jwt'
    ? createTokenCustomer({ notice: part(shop, 'sign-in'), words })
    : createNamedCustomer({ input: document.getElementById('customer'), words });
const gateway = createGateway({ saleId, token: customer.token });

const announcer = part(shop, 'announcer');
const announce = (text) => setText(announcer, text);
const countdown = createCountdown({ box: part(shop, 'countdown'), words });
const notice = part(shop, 'notice');
const cards = [...shop.querySelectorAll('[data-sku]')].map((card) =>
  createItemCard({ card, saleId, gateway, words, customer, announce }),
);

/** The sale as it was seen last; its times are known from the start. */
let sale = {
  opensAtMs: Number(shop.dataset.opensAt),
  closesAtMs: Number(shop.dataset.closesAt),
  left: undefined,
};
let lastState;
let isAway = false;

const view = watchSale({
  gateway,
  clock,
  onSale(seen) {
    isAway = false;
    sale = {
      opensAtMs: Date.parse(seen.opensAt),
      closesAtMs: Date.parse(seen.closesAt),
      isRebuilding: seen.state === 'rebuilding',
      left: new Map(seen.items.map((item) => [item.sku, item.stockLeft])),
    };
    showSale();
  },
  onAway() {
    isAway = true;
    showSale();
  },
});

function stateNow() {
  if (sale.isRebuilding) return 'rebuilding';
  if (clock.now() < sale.opensAtMs) return 'upcoming';
  return clock.now() < sale.closesAtMs ? 'open' : 'closed';
}

function showSale() {
  const state = stateNow();
  if (state !== lastState) {
    shop.dataset.state = state;
    if (lastState !== undefined) {
      announce(words.say(`sale.${state}`));
      // The stock of a sale that has just opened is news.
      view?.wake();
    }
    lastState = state;
  }
  const isSoldOut =
    state === 'open' && sale.left?.size > 0 && [...sale.left.values()].every((left) => left === 0);
  setText(part(shop, 'headline'), words.say(isSoldOut ? 'sale.sold-out' : `sale.${state}`));
  setText(part(shop, 'times'), timesOf(state));
  notice.hidden = !isAway && state !== 'rebuilding';
  if (!notice.hidden) setText(notice, words.say(isAway ? 'away.page' : 'sale.rebuilding.text'));
  shop.classList.toggle('away', isAway);
  // Before the first answer nobody knows what is left, nor what time it is at the shop.
  if (sale.left) for (const card of cards) card.see(state, sale.left.get(card.sku));
  tick();
}

function timesOf(state) {
  if (state === 'upcoming') return words.say('sale.opens-at', { time: words.time(sale.opensAtMs) });
  return words.say(state === 'closed' ? 'sale.closed-at' : 'sale.closes-at', {
    time: words.time(sale.closesAtMs),
  });
}

function tick() {
  const state = stateNow();
  if (state === 'upcoming') countdown.show('opens', sale.opensAtMs - clock.now());
  else countdown.show(state === 'closed' ? undefined : 'closes', sale.closesAtMs - clock.now());
}

setInterval(() => {
  if (stateNow() !== lastState) showSale();
  else tick();
  for (const card of cards) card.tick();
}, 250);

showSale();
for (const card of cards) card.resume();
