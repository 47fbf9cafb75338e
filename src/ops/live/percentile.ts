/**
 * A percentile of a histogram, in the unit of its bounds, spread evenly within the bucket it falls into. Beyond the
 * last bound nothing is known but that: it is the last bound then.
 *
 * @param buckets bound → how many were at or below it, `Infinity` → all; in any order
 * @param share 0 to 1
 * @returns `undefined` where the histogram is empty
 */
export function percentile(buckets: ReadonlyMap<number, number>, share: number): number | undefined {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const total = sorted.at(-1)?.[1] ?? 0;
  if (total <= 0) return undefined;
  const rank = share * total;
  let lowBound = 0;
  let below = 0;
  for (const [bound, count] of sorted) {
    if (count >= rank && count > below) {
      if (bound === Number.POSITIVE_INFINITY) return lowBound;
      return Math.min(bound, lowBound + (bound - lowBound) * ((rank - below) / (count - below)));
    }
    if (bound !== Number.POSITIVE_INFINITY) lowBound = bound;
    below = count;
  }
  return lowBound;
}
