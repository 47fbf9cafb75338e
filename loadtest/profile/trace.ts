import { type RateProfile, ramp, sequence } from './rate-profile.ts';

export interface TraceScale {
  /** The highest rate of the replay, orders/s. */
  readonly peakRate: number;
  /** The length of the replay, whatever the trace's own. */
  readonly seconds: number;
}

/**
 * Reads a crowd from a CSV file with a header and two columns, a time in ISO 8601 and the count in the
 * interval that starts there (equal intervals, 2 rows or more).
 * @throws {RangeError} naming the line that does not fit.
 */
export function parseTrace(csv: string): number[] {
  const [, ...rows] = csv.trimEnd().split(/\r?\n/);
  const counts = rows.map((row, index) => {
    const [time, count, ...more] = row.split(',');
    const value = Number(count);
    if (more.length > 0 || !count?.trim() || !(value >= 0) || Number.isNaN(Date.parse(time ?? ''))) {
      throw new RangeError(`line ${index + 2} of the trace is not a time and a count: ${row}`);
    }
    return value;
  });
  if (counts.length < 2) throw new RangeError('a trace needs two rows or more');
  if (Math.max(...counts) === 0) throw new RangeError('a trace without a single request');
  return counts;
}

/** Squeezes a trace into `seconds` and scales its highest count to `peakRate`; between two counts, a straight line. */
export function traceProfile(counts: readonly number[], { peakRate, seconds }: TraceScale): RateProfile {
  const highest = counts.reduce((max, count) => Math.max(max, count), 0);
  const rates = counts.map((count) => (count / highest) * peakRate);
  const step = seconds / (rates.length - 1);
  return sequence(...rates.slice(1).map((rate, index) => ramp(rates[index]!, rate, step)));
}
