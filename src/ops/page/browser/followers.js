import { showAge } from './age.js';
import { call, oneAtATime } from './api.js';
import { el, find, keyedList, setText } from './dom.js';
import { number } from './format.js';
import { createLetter } from './letter.js';

/** The broker's counts are no younger. */
const refreshMs = 5_000;
/** Two looks of the ops role are missing, or two answers to the page. */
const oldAfterMs = 15_000;
const listed = 50;

/** What waits for each follower, and the events that it could not handle. */
export function createFollowers() {
  const section = find('#followers');
  const show = keyedList(find('ul.rows', section), (/** @type {any} */ { name }) => name, createFollower);

  /** @type {number | undefined} */
  let knownAt;

  async function refresh() {
    if (document.hidden) return;
    const answer = await call('GET', '/followers').catch(() => undefined);
    if (!answer) return;
    if (answer.lookAgeSeconds !== null) knownAt = performance.now() - answer.lookAgeSeconds * 1_000;
    show(answer.followers);
    section.hidden = answer.followers.length === 0;
  }

  setInterval(refresh, refreshMs);
  refresh();
  return { refresh, age: () => showAge(section, knownAt, oldAfterMs) };
}

function createFollower(/** @type {any} */ { name }) {
  const labels = {
    waitingMessages: 'messages waiting',
    unacknowledgedMessages: 'in hand',
    retrying: 'retrying',
    deadLetters: 'dead letters',
    instances: 'instances',
  };
  const values = Object.fromEntries(Object.keys(labels).map((fact) => [fact, el('dd')]));
  const facts = el('dl', { class: 'numbers' });
  for (const [fact, label] of Object.entries(labels)) {
    facts.append(el('div', { class: fact }, el('dt', {}, label), values[fact] ?? ''));
  }
  const letters = el('ul', { class: 'rows' });
  const inside = /** @type {HTMLDetailsElement} */ (
    el('details', {}, el('summary', {}, 'Dead letters'), letters)
  );
  const box = boxOf(name);
  const showLetters = keyedList(
    letters,
    (/** @type {any} */ { id }) => id,
    (letter) => createLetter(box, letter),
  );
  let countSeen = -1;

  const look = oneAtATime(async () => {
    if (!inside.open) return;
    const answer = await call('GET', `${box.path}?limit=${listed}`).catch(() => undefined);
    if (answer) showLetters(answer.letters);
  });

  inside.addEventListener('toggle', look);
  const node = el('li', { class: 'follower', 'data-follower': name });
  node.append(el('span', { class: 'name' }, name), facts, inside);
  return {
    node,
    update(/** @type {any} */ follower) {
      for (const fact of Object.keys(labels)) setText(values[fact], number(follower[fact]));
      values.deadLetters.parentElement?.classList.toggle('alarm', follower.deadLetters > 0);
      values.instances.parentElement?.classList.toggle('alarm', follower.instances === 0);
      inside.hidden = follower.deadLetters === 0 && letters.children.length === 0;
      if (follower.deadLetters !== countSeen) look();
      countSeen = follower.deadLetters;
    },
  };
}

/** @returns {import('./letter.js').Box} */
function boxOf(/** @type {string} */ follower) {
  return {
    path: `/followers/${encodeURIComponent(follower)}/dead-letters`,
    about: ({ event }) =>
      event
        ? `${event.type}: ${event.data.transactionId}, ${event.data.saleId}`
        : 'no event that can be read',
    nameOf: ({ id, event }) => (event ? `the event of ${event.data.transactionId}` : `letter ${id}`),
    facts: ({ event }) => (event ? [['Event', event.id]] : []),
    redriveText: `Put into the queue of ${follower} once more, with all its attempts.`,
    purgeText: `Given up for good: ${follower} never handles it. The order itself stands as it is.`,
  };
}
