/**
 * What was typed, in digits alone. `2.000` and `2,000` are two thousand to one reader and two to another: they are
 * no number.
 *
 * @param {string | undefined} text
 * @returns {number | undefined}
 */
export function wholeNumber(text) {
  const typed = (text ?? '').trim();
  return /^\d+$/.test(typed) ? Number(typed) : undefined;
}
