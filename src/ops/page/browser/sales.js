import { call } from './api.js';
import { ask } from './confirm.js';
import { el, find, keyedList, setText } from './dom.js';
import { dash, duration, moment, number } from './format.js';
import { wholeNumber } from './whole-number.js';

/** So many SKUs of a sale are drawn; a page of thousands would help nobody. */
const shownItems = 200;

/** Sales with their stock, the open ones first, and their steering. */
export function createSales() {
  const closed = find('#closed');
  const showLive = keyedList(find('#sales'), saleKey, createSale);
  const showClosed = keyedList(find('ul', closed), saleKey, createSale);

  return {
    update(/** @type {any} */ { sales, at }) {
      if (!sales) return;
      const shown = sales.map((/** @type {any} */ sale) => ({ ...sale, now: at }));
      const live = shown.filter((/** @type {any} */ { phase }) => phase !== 'closed');
      // What has just closed is still drained, and looked at.
      const rest = shown.filter((/** @type {any} */ { phase }) => phase === 'closed');
      const recent = live.length === 0 ? rest.slice(0, 1) : [];
      showLive([...live, ...recent]);
      showClosed(rest.slice(recent.length));
      closed.hidden = rest.length === recent.length;
      setText(find('summary', closed), `Closed sales (${rest.length - recent.length})`);
      find('#no-sales').hidden = sales.length > 0;
    },
  };
}

function saleKey(/** @type {any} */ { saleId }) {
  return saleId;
}

function createSale(/** @type {any} */ { saleId }) {
  const phase = el('span', { class: 'phase' });
  const when = el('p', { class: 'when' });
  const open = el('button', { type: 'button' }, 'Open…');
  const close = el('button', { type: 'button' }, 'Close…');
  const items = el('ul', { class: 'items' });
  const more = el('p', { class: 'hint' });
  const title = el('h3', {}, saleId, ' ', phase);
  const actions = el('div', { class: 'actions' }, open, close);
  const node = el('li', { class: 'card sale', 'data-sale': saleId });
  node.append(el('div', { class: 'sale-head' }, el('div', {}, title, when), actions), items, more);
  const showItems = keyedList(
    items,
    (/** @type {any} */ { sku }) => sku,
    (item) => createItem(saleId, item),
  );
  /** @type {any} */
  let latest;
  open.onclick = () => askToOpen(latest);
  close.onclick = () => askToClose(latest);

  return {
    node,
    update(/** @type {any} */ sale) {
      latest = sale;
      setText(phase, sale.phase);
      phase.className = `phase ${sale.phase}`;
      setText(when, timesOf(sale));
      open.hidden = sale.phase === 'open';
      close.hidden = sale.phase !== 'open';
      showItems(sale.items.slice(0, shownItems));
      more.hidden = sale.items.length <= shownItems;
      setText(more, `and ${sale.items.length - shownItems} SKUs more: sluice sale list`);
    },
  };
}

function timesOf(/** @type {any} */ { phase, opensAt, closesAt, now, waiting }) {
  const orders = waiting === null ? '' : ` · ${number(waiting)} orders waiting`;
  if (phase === 'upcoming') return `opens in ${duration((opensAt - now) / 1_000)}, at ${moment(opensAt)}`;
  if (phase === 'open')
    return `closes in ${duration((closesAt - now) / 1_000)}, at ${moment(closesAt)}${orders}`;
  return `closed at ${moment(closesAt)}${orders}`;
}

function createItem(/** @type {string} */ saleId, /** @type {any} */ { sku }) {
  const name = el('span', { class: 'name' });
  const bars = { confirmed: el('i'), claimed: el('i'), left: el('i') };
  for (const [kind, bar] of Object.entries(bars)) bar.className = kind;
  const numbers = { left: el('dd'), claimed: el('dd'), confirmed: el('dd'), drift: el('dd') };
  const facts = el('dl', { class: 'numbers' });
  for (const [kind, value] of Object.entries(numbers)) {
    facts.append(el('div', { class: kind }, el('dt', {}, kind), value));
  }
  const restock = el('button', { type: 'button' }, 'Restock…');
  const node = el('li', { class: 'item', 'data-sku': sku });
  node.append(
    el('div', { class: 'what' }, name, el('code', {}, sku)),
    el('p', { class: 'bars', 'aria-hidden': 'true' }, bars.confirmed, bars.claimed, bars.left),
    facts,
    restock,
  );
  /** @type {any} */
  let latest;
  restock.onclick = () => askToRestock(saleId, latest);
  return {
    node,
    update(/** @type {any} */ item) {
      latest = item;
      setText(name, item.name);
      setText(numbers.left, number(item.left));
      setText(numbers.claimed, number(item.claimed));
      setText(numbers.confirmed, `${number(item.confirmed)} of ${number(item.stock)}`);
      setText(
        numbers.drift,
        item.drift === null ? dash : `${item.drift > 0 ? '+' : ''}${number(item.drift)}`,
      );
      numbers.drift.parentElement?.classList.toggle('alarm', item.drift !== null && item.drift !== 0);
      restock.setAttribute('aria-label', `Restock ${item.name}…`);
      const all = Math.max(1, item.stock);
      for (const kind of /** @type {const} */ (['confirmed', 'claimed', 'left'])) {
        bars[kind].style.width = `${(100 * (item[kind] ?? 0)) / all}%`;
      }
    },
  };
}

function pathOf(/** @type {string} */ saleId) {
  return `/sales/${encodeURIComponent(saleId)}`;
}

function askToOpen(/** @type {any} */ { saleId, closesAt, now }) {
  const until = closesAt > now ? closesAt : now + 3_600_000;
  ask({
    title: `Open ${saleId} now?`,
    text: 'Every gateway takes orders for it when this is done.',
    fields: [
      {
        name: 'closesAt',
        label: 'Open until',
        type: 'datetime-local',
        value: localTime(until),
        hint: `${Intl.DateTimeFormat().resolvedOptions().timeZone}, your time zone`,
      },
    ],
    verb: 'Open the sale',
    async run({ closesAt: chosen }) {
      // The field knows minutes only: an unchanged time is the one that stands.
      const keep = chosen === localTime(closesAt) && closesAt > now;
      const body = keep ? {} : { closesAt: new Date(chosen ?? '').toISOString() };
      const opened = await call('POST', `${pathOf(saleId)}/open`, body);
      return `${saleId} is open until ${moment(opened.closesAt)}.`;
    },
  });
}

function askToClose(/** @type {any} */ { saleId, waiting }) {
  const orders = waiting ? ` The ${number(waiting)} orders that wait are still drained.` : '';
  ask({
    title: `Close ${saleId} now?`,
    text: `No gateway takes orders for it any more when this is done.${orders}`,
    verb: 'Close the sale',
    danger: true,
    async run() {
      await call('POST', `${pathOf(saleId)}/close`);
      return `${saleId} is closed.`;
    },
  });
}

function askToRestock(/** @type {string} */ saleId, /** @type {any} */ { sku, name, left }) {
  // One ID per question: pressing twice, or again after a lost answer, adds the pieces once.
  const restockId = `ops-${[...crypto.getRandomValues(new Uint8Array(9))].map((byte) => byte.toString(36)).join('')}`;
  ask({
    title: `Restock ${name}`,
    text: `SKU ${sku} of ${saleId}, ${number(left)} pieces left. Pieces that are put on sale can't be taken back.`,
    fields: [{ name: 'pieces', label: 'Pieces to add', hint: 'a whole number from 1' }],
    verb: 'Add the pieces',
    async run({ pieces }) {
      const count = wholeNumber(pieces);
      if (count === undefined || count < 1) throw new Error('A whole number of pieces, from 1.');
      await call('POST', `${pathOf(saleId)}/restocks`, { restockId, sku, pieces: count });
      return `${number(count)} pieces more of ${sku}.`;
    },
  });
}

/** As an input of type datetime-local has it. */
function localTime(/** @type {number} */ ms) {
  const date = new Date(ms);
  return new Date(ms - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
