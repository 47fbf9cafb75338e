import { build, type Histogram } from 'hdr-histogram-js';

/** One point of a latency distribution: `percentile` (0–100) of the requests took `ms` or less. */
export interface PercentilePoint {
  readonly percentile: number;
  readonly ms: number;
}

export interface LatencySummary {
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** For the plot: evenly spaced on an axis of nines, up to the last request. */
  readonly curve: readonly PercentilePoint[];
}

export interface LatencyRecorder {
  readonly record: (latencyMs: number) => void;
  readonly percentileMs: (percentile: number) => number;
  readonly maxMs: () => number;
  readonly reset: () => void;
  readonly summary: () => LatencySummary;
}

const HIGHEST_US = 600_000_000;
const POINTS_PER_NINE = 8;

/** An HDR histogram: 1 µs to 10 minutes at 3 significant digits; what is longer counts as 10 minutes. */
export function createLatencyRecorder(): LatencyRecorder {
  const histogram: Histogram = build({
    highestTrackableValue: HIGHEST_US,
    lowestDiscernibleValue: 1,
    numberOfSignificantValueDigits: 3,
    autoResize: false,
  });
  const percentileMs = (percentile: number) =>
    histogram.totalCount === 0 ? 0 : histogram.getValueAtPercentile(percentile) / 1_000;
  const maxMs = () => (histogram.totalCount === 0 ? 0 : histogram.maxValue / 1_000);

  return {
    record: (latencyMs) =>
      histogram.recordValue(Math.min(HIGHEST_US, Math.max(1, Math.round(latencyMs * 1_000)))),
    percentileMs,
    maxMs,
    reset: () => histogram.reset(),
    summary: () => ({
      count: histogram.totalCount,
      meanMs: histogram.totalCount === 0 ? 0 : histogram.mean / 1_000,
      p50Ms: percentileMs(50),
      p90Ms: percentileMs(90),
      p99Ms: percentileMs(99),
      p999Ms: percentileMs(99.9),
      maxMs: maxMs(),
      curve: curvePercentiles(histogram.totalCount).map((percentile) => ({
        percentile,
        ms: percentileMs(percentile),
      })),
    }),
  };
}

function curvePercentiles(count: number): number[] {
  if (count === 0) return [];
  const steps = Math.ceil(Math.log10(Math.max(10, count)) * POINTS_PER_NINE);
  const points = Array.from({ length: steps + 1 }, (_, step) => 100 - 100 * 10 ** (-step / POINTS_PER_NINE));
  return [...points.filter((percentile) => percentile <= 100 - 100 / count), 100];
}
