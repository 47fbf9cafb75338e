import { call } from './api.js';
import { ask } from './confirm.js';
import { el } from './dom.js';
import { moment, number } from './format.js';

/**
 * A place where dead letters lie.
 *
 * @typedef {object} Box
 * @property {string} path below /admin
 * @property {(letter: any) => string} about what was to be done
 * @property {(letter: any) => string} nameOf for questions
 * @property {(letter: any) => [string, string][]} facts more of what is inside
 * @property {string} redriveText what a redrive does
 * @property {string} purgeText what a purge does
 */

/** One dead letter of a list: what it is, what is inside, redrive and purge. */
export function createLetter(/** @type {Box} */ box, /** @type {any} */ letter) {
  const { id, failedAt, reason, cause, history, content } = letter;
  const redrive = el('button', { type: 'button', 'aria-label': `Redrive ${id}…` }, 'Redrive…');
  const purge = el('button', { type: 'button', 'aria-label': `Purge ${id}…` }, 'Purge…');
  redrive.onclick = () => askToRedrive(box, [id], box.nameOf(letter));
  purge.onclick = () => askToPurge(box, [id], box.nameOf(letter));
  /** @type {[string, string][]} */
  const facts = [['Letter', id], ...box.facts(letter), ['Cause', cause]];
  for (const line of history) facts.push(['History', line]);
  if (content !== null) facts.push(['Content', content]);
  const inside = el('dl', { class: 'inside' });
  for (const [label, text] of facts) inside.append(el('dt', {}, label), el('dd', {}, text));
  const node = el(
    'li',
    { class: 'letter', 'data-letter': id },
    el(
      'div',
      { class: 'about' },
      el('p', { class: 'name' }, box.about(letter)),
      el('p', { class: 'hint' }, `${failedAt ? moment(failedAt) : 'at an unknown time'} · ${reason}`),
      el('details', {}, el('summary', {}, 'Look inside'), inside),
    ),
    el('div', { class: 'actions' }, redrive, purge),
  );
  return { node, update() {} };
}

export function askToRedrive(
  /** @type {Box} */ { path, redriveText },
  /** @type {string[] | undefined} */ ids,
  /** @type {string} */ what,
) {
  ask({
    title: `Redrive ${what}?`,
    text: redriveText,
    verb: 'Redrive',
    run: async () => outcomeOf(await call('POST', `${path}/redrive`, ids ? { ids } : { all: true })),
  });
}

export function askToPurge(
  /** @type {Box} */ { path, purgeText },
  /** @type {string[] | undefined} */ ids,
  /** @type {string} */ what,
) {
  ask({
    title: `Purge ${what}?`,
    text: purgeText,
    verb: 'Purge',
    danger: true,
    run: async () => outcomeOf(await call('POST', `${path}/purge`, ids ? { ids } : { all: true })),
  });
}

/** What became of the letters, in words; what is gone already, or had to stay, is said as such. */
function outcomeOf(/** @type {any} */ { letters, unknownIds }) {
  const parts = [];
  for (const outcome of ['confirmed', 'redriven', 'purged', 'removed', 'kept']) {
    const some = letters.filter((/** @type {any} */ letter) => letter.outcome === outcome);
    if (some.length > 0) parts.push(`${number(some.length)} ${outcome}`);
  }
  if (unknownIds.length > 0)
    parts.push(`${number(unknownIds.length)} not there any more: somebody has handled it`);
  const why = letters.length === 1 && letters[0].because ? ` (${letters[0].because})` : '';
  return `${parts.join(', ') || 'There was no dead letter'}${why}.`;
}
