import { find, setText } from './dom.js';
import { duration } from './format.js';

/** Sources speak every second: what is older than this is not shown as if it were of now. */
const oldAfterMs = 3_500;

/**
 * Greys a part of the page whose source has fallen silent, and says how old it is.
 *
 * @param {Element} part with an `.age` in it
 * @param {number | undefined} knownAt as `performance.now()` has it; `undefined`: never yet
 * @param {number} [afterMs]
 */
export function showAge(part, knownAt, afterMs = oldAfterMs) {
  const ageMs = knownAt === undefined ? undefined : performance.now() - knownAt;
  const isOld = ageMs === undefined || ageMs > afterMs;
  part.classList.toggle('old', isOld);
  const text = ageMs === undefined ? 'not known' : `${duration(ageMs / 1_000)} old`;
  setText(find('.age', part), isOld ? text : '');
}
