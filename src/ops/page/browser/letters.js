import { showAge } from './age.js';
import { call, oneAtATime } from './api.js';
import { find, keyedList, setText } from './dom.js';
import { dash, number } from './format.js';
import { askToPurge, askToRedrive, createLetter } from './letter.js';

const listed = 100;
const lookAgainMs = 5_000;

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

/** Dead letters: how many, what is inside, redrive and purge. Nothing is known until they were looked at. */
export function createLetters() {
  const section = find('#letters');
  const list = find('ul.rows', section);
  const empty = find('.empty', section);
  const more = find('.more', section);
  const show = keyedList(
    list,
    (/** @type {any} */ { id }) => id,
    (letter) => createLetter(box, letter),
  );
  /** What the last look that was answered saw; `hasMore`: than are listed. */
  let seen = { /** @type {any[]} */ letters: [], hasMore: false };
  /** By the broker, seconds ago. @type {number | undefined} */
  let counted;
  /** @type {number | undefined} */
  let knownAt;
  /** Why the last look was in vain. @type {string | undefined} */
  let fault;
  let lookedAt = 0;

  async function look() {
    try {
      const { letters } = await call('GET', `${box.path}?limit=${listed + 1}`);
      seen = { letters: letters.slice(0, listed), hasMore: letters.length > listed };
      fault = undefined;
      knownAt = performance.now();
    } catch (failure) {
      fault = /** @type {Error} */ (failure).message;
    }
    lookedAt = performance.now();
    draw();
  }

  const refresh = oneAtATime(look);

  function draw() {
    const { letters, hasMore } = seen;
    show(letters);
    list.hidden = letters.length === 0;
    more.hidden = !hasMore;
    setText(more, `The oldest ${listed} of ${total()} are listed. The others follow when these are gone.`);
    setText(empty, whyEmpty());
    empty.hidden = fault === undefined && letters.length > 0;
    const badge = find('.count', section);
    setText(badge, total());
    badge.classList.toggle('alarm', letters.length > 0 || (counted ?? 0) > 0);
    for (const action of ['redrive', 'purge']) {
      /** @type {HTMLButtonElement} */ (find(`[data-do=${action}]`, section)).disabled = letters.length === 0;
    }
  }

  function total() {
    if (knownAt === undefined && counted === undefined) return dash;
    if (seen.hasMore && (counted ?? 0) <= listed) return `${listed}+`;
    return number(Math.max(seen.letters.length, counted ?? 0));
  }

  function whyEmpty() {
    if (fault !== undefined) return `They can't be looked at: ${fault}`;
    if (knownAt === undefined) return 'Not looked at yet.';
    if (!counted) return 'None: every order could be written.';
    return `None can be looked at now. The broker counted ${number(counted)} seconds ago: a redrive or a purge has them in hand, or has just ended.`;
  }

  /** The broker's count is late, and letters in somebody's hands are not listed. */
  function isAtOdds() {
    if (seen.hasMore) return (counted ?? 0) <= listed;
    return counted !== seen.letters.length;
  }

  function purgeListed() {
    const ids = seen.letters.map((/** @type {any} */ { id }) => id);
    const others = seen.hasMore
      ? `There are ${total()}: those that are not listed stay.`
      : 'What has come since they were listed stays.';
    const what = ids.length === 1 ? 'the dead letter' : `the ${number(ids.length)} dead letters`;
    askToPurge({ ...box, purgeText: `${box.purgeText} ${others}` }, ids, `${what} listed here`);
  }

  function redriveAll() {
    const redriveText = `${total()} by the last count, and what has come since. ${box.redriveText}`;
    askToRedrive({ ...box, redriveText }, undefined, 'all dead letters');
  }

  find('[data-do=refresh]', section).onclick = refresh;
  find('[data-do=redrive]', section).onclick = redriveAll;
  find('[data-do=purge]', section).onclick = purgeListed;
  refresh();

  return {
    refresh,
    /** When the broker's count moves, the letters are looked at anew; and while it says otherwise than they do. */
    update(/** @type {any} */ { queue, lookAgeSeconds }) {
      if (!queue) return;
      const hasMoved = queue.deadLetters !== counted;
      counted = queue.deadLetters;
      const now = performance.now();
      if (fault === undefined && knownAt !== undefined)
        knownAt = Math.max(knownAt, now - (lookAgeSeconds ?? 0) * 1_000);
      draw();
      const isInDoubt = fault !== undefined || isAtOdds();
      if (hasMoved || (isInDoubt && now - lookedAt > lookAgainMs)) refresh();
    },
    age: () => showAge(section, knownAt),
  };
}
