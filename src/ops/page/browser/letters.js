import { call, oneAtATime } from './api.js';
import { find, keyedList, setText } from './dom.js';
import { number } from './format.js';
import { askToPurge, askToRedrive, createLetter } from './letter.js';

const listed = 100;

/** @type {import('./letter.js').Box} */
const box = {
  path: '/dead-letters',
  about: ({ order }) =>
    order
      ? `${order.quantity} × ${order.sku} for ${order.customerId}, ${order.saleId}`
      : 'no order that can be read',
  nameOf: ({ id, order }) => (order ? `order ${order.transactionId}` : `letter ${id}`),
  facts: ({ order }) => (order ? [['Transaction ID', order.transactionId]] : []),
  redriveText:
    'Sent through the ledger once more. What stock, limit or database still forbids stays a dead letter.',
  purgeText: 'Given up for good: these shoppers get nothing, and their pieces go back on sale.',
};

/** Dead letters: how many, what is inside, redrive and purge. */
export function createLetters() {
  const section = find('#letters');
  const list = find('ul.rows', section);
  const show = keyedList(
    list,
    (/** @type {any} */ { id }) => id,
    (letter) => createLetter(box, letter),
  );
  let countSeen = -1;
  let count = 0;

  async function look() {
    const empty = find('.empty', section);
    try {
      const { letters } = await call('GET', `${box.path}?limit=${listed}`);
      show(letters);
      list.hidden = letters.length === 0;
      count = Math.max(letters.length, letters.length < listed ? 0 : countSeen);
      setText(empty, 'None: every order could be written.');
      empty.hidden = letters.length > 0;
    } catch (failure) {
      setText(empty, `They can't be looked at: ${/** @type {Error} */ (failure).message}`);
      empty.hidden = false;
    }
    head();
  }

  const refresh = oneAtATime(look);

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
    askToRedrive(box, undefined, `all ${number(count)} dead letters`);
  find('[data-do=purge]', section).onclick = () =>
    askToPurge(box, undefined, `all ${number(count)} dead letters`);

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
