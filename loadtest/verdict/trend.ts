/** A value at a moment of the run. */
export interface TrendPoint {
  readonly second: number;
  readonly value: number;
}

/** A straight line through values over time, and how sure its slope is. */
export interface Trend {
  readonly fromSecond: number;
  readonly toSecond: number;
  /** The line's value at `fromSecond`, and what it gains in a second. */
  readonly start: number;
  readonly perSecond: number;
  /** Half of the interval in which the true slope lies with 99.9 % confidence. */
  readonly noisePerSecond: number;
  readonly mean: number;
}

const blocks = 20;
/** Student's t for 18 degrees of freedom, 99.9 %, both sides: many processes are judged at once. */
const tOf18 = 3.922;
/** Caches fill and the heap finds its size at first; that part of the run is left out of the fit. */
const settlingShare = 1 / 3;

/**
 * Fits a line to the means of 20 equal spans of the last two thirds of the run. Single values are no independent
 * witnesses: memory rises and falls with each collection, and a plain fit would be far too sure of itself.
 *
 * @returns undefined where a span has no value: too few points, or a gap
 */
export function fitTrend(points: readonly TrendPoint[]): Trend | undefined {
  const last = points.at(-1)?.second ?? 0;
  const first = points[0]?.second ?? 0;
  const fromSecond = first + (last - first) * settlingShare;
  const width = (last - fromSecond) / blocks;
  if (width <= 0) return undefined;
  const means = Array.from({ length: blocks }, (_, block) => {
    const from = fromSecond + block * width;
    const to = block === blocks - 1 ? Number.POSITIVE_INFINITY : from + width;
    return meanPoint(points.filter(({ second }) => second >= from && second < to));
  });
  if (means.some((mean) => mean === undefined)) return undefined;
  return lineThrough(means as TrendPoint[], fromSecond, last);
}

function lineThrough(means: readonly TrendPoint[], fromSecond: number, toSecond: number): Trend {
  const { second: meanSecond, value: mean } = meanPoint(means)!;
  const spread = sum(means.map(({ second }) => (second - meanSecond) ** 2));
  const perSecond = sum(means.map(({ second, value }) => (second - meanSecond) * (value - mean))) / spread;
  const at = (second: number) => mean + perSecond * (second - meanSecond);
  const misses = means.map(({ second, value }) => value - at(second));
  const squares = sum(misses.map((miss) => miss ** 2));
  return {
    fromSecond,
    toSecond,
    start: at(fromSecond),
    perSecond,
    noisePerSecond: tOf18 * Math.sqrt(squares / (blocks - 2) / spread) * inertia(misses, squares),
    mean,
  };
}

/**
 * By how much neighbours that resemble each other make the plain error too small: the square root of the number of
 * values by the number of independent ones, for a first-order autoregression.
 */
function inertia(misses: readonly number[], squares: number): number {
  if (squares === 0) return 1;
  const products = sum(misses.slice(1).map((miss, block) => miss * misses[block]!));
  const likeness = Math.min(0.9, Math.max(0, products / squares));
  return Math.sqrt((1 + likeness) / (1 - likeness));
}

/**
 * Whether the values grow: beyond noise, and over the fitted span by more than 1 % of their mean and by more than
 * `least`.
 */
export function grows(
  { fromSecond, toSecond, perSecond, noisePerSecond, mean }: Trend,
  least: number,
): boolean {
  const gained = perSecond * (toSecond - fromSecond);
  return perSecond > noisePerSecond && gained > Math.max(mean / 100, least);
}

function meanPoint(points: readonly TrendPoint[]): TrendPoint | undefined {
  if (points.length === 0) return undefined;
  return {
    second: sum(points.map(({ second }) => second)) / points.length,
    value: sum(points.map(({ value }) => value)) / points.length,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
