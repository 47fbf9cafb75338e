import { call } from './api.js';
import { ask } from './confirm.js';
import { el, find, keyedList, setText } from './dom.js';
import { moment, number } from './format.js';

const listed = 100;

/** Dead letters: how many, what is inside, redrive and purge. */
export function createLetters() {
  const section = find('#letters');
  const list = find('ul.rows', section);
  const show = keyedList(list, (/** @type {any} */ { id }) => id, createLetter);
  let countSeen = -1;
  let count = 0;

  async function refresh() {
    try {
      const { letters } = await call('GET', `/dead-letters?limit=${listed}`);
      show(letters);
      list.hidden = letters.length === 0;
      count = Math.max(letters.length, letters.length < listed ? 0 : countSeen);
      setText(find('.empty', section), 'None: every order could be written.');
      find('.empty', section).hidden = letters.length > 0;
    } catch (failure) {
      setText(find('.empty', section), `They can't be looked at: ${/** @type {Error} */ (failure).message}`);
      find('.empty', section).hidden = false;
    }
    head();
  }

  function head() {
    const badge = find('.count', section);
    setText(badge, number(count));
    badge.classList.toggle('alarm', count > 0);
    for (const action of ['redrive', 'purge']) {
      /** @type {HTMLButtonElement} */ (find(`[data-do=${action}]`, section)).disabled = count === 0;
    }
  }

  find('[data-do=refresh]', section).onclick = refresh;
  find('[data-do=redrive]', section).onclick = () =>
    askToRedrive(undefined, `all ${number(count)} dead letters`);
  find('[data-do=purge]', section).onclick = () => askToPurge(undefined, `all ${number(count)} dead letters`);

  return {
    refresh,
    /** The broker's count: when it moves, the letters are looked at anew. */
    update(/** @type {any} */ { queue }) {
      if (!queue || queue.deadLetters === countSeen) return;
      countSeen = queue.deadLetters;
      refresh();
    },
  };
}

function createLetter(/** @type {any} */ letter) {
  const { id, failedAt, reason, cause, history, order, content } = letter;
  const what = order
    ? `${order.quantity} × ${order.sku} for ${order.customerId}, ${order.saleId}`
    : 'no order that can be read';
  const redrive = el('button', { type: 'button', 'aria-label': `Redrive ${id}…` }, 'Redrive…');
  const purge = el('button', { type: 'button', 'aria-label': `Purge ${id}…` }, 'Purge…');
  const short = order ? `order ${order.transactionId}` : `letter ${id}`;
  redrive.onclick = () => askToRedrive([id], short);
  purge.onclick = () => askToPurge([id], short);
  /** @type {[string, string][]} */
  const facts = [
    ['Letter', id],
    ...(order ? /** @type {[string, string][]} */ ([['Transaction ID', order.transactionId]]) : []),
    ['Cause', cause],
    ...history.map((/** @type {string} */ line) => ['History', line]),
    ...(content === null ? [] : /** @type {[string, string][]} */ ([['Content', content]])),
  ];
  const inside = el('dl', { class: 'inside' });
  for (const [label, text] of facts) inside.append(el('dt', {}, label), el('dd', {}, text));
  const node = el(
    'li',
    { class: 'letter', 'data-letter': id },
    el(
      'div',
      { class: 'about' },
      el('p', { class: 'name' }, what),
      el('p', { class: 'hint' }, `${failedAt ? moment(failedAt) : 'at an unknown time'} · ${reason}`),
      el('details', {}, el('summary', {}, 'Look inside'), inside),
    ),
    el('div', { class: 'actions' }, redrive, purge),
  );
  return { node, update() {} };
}

function askToRedrive(/** @type {string[] | undefined} */ ids, /** @type {string} */ what) {
  ask({
    title: `Redrive ${what}?`,
    text: 'Sent through the ledger once more. What stock, limit or database still forbids stays a dead letter.',
    verb: 'Redrive',
    run: async () => outcomeOf(await call('POST', '/dead-letters/redrive', ids ? { ids } : { all: true })),
  });
}

function askToPurge(/** @type {string[] | undefined} */ ids, /** @type {string} */ what) {
  ask({
    title: `Purge ${what}?`,
    text: 'Given up for good: these shoppers get nothing, and their pieces go back on sale.',
    verb: 'Purge',
    danger: true,
    run: async () => outcomeOf(await call('POST', '/dead-letters/purge', ids ? { ids } : { all: true })),
  });
}

/** What became of the letters, in words; what is gone already, or had to stay, is said as such. */
function outcomeOf(/** @type {any} */ { letters, unknownIds }) {
  const parts = [];
  for (const outcome of ['confirmed', 'purged', 'removed', 'kept']) {
    const some = letters.filter((/** @type {any} */ letter) => letter.outcome === outcome);
    if (some.length > 0) parts.push(`${number(some.length)} ${outcome}`);
  }
  if (unknownIds.length > 0)
    parts.push(`${number(unknownIds.length)} not there any more: somebody has handled it`);
  const why = letters.length === 1 && letters[0].because ? ` (${letters[0].because})` : '';
  return `${parts.join(', ') || 'There was no dead letter'}${why}.`;
}
