/** The rate moves in a straight line from `fromRate` to `toRate` orders/s over `seconds` (above 0). */
export interface Segment {
  readonly seconds: number;
  readonly fromRate: number;
  readonly toRate: number;
}

/** An offered rate over time, as straight pieces one after the other. Pure data. */
export interface RateProfile {
  readonly segments: readonly Segment[];
}

/** A constant `rate` (orders/s, 0 or more) for `seconds`. */
export function hold(rate: number, seconds: number): RateProfile {
  return ramp(rate, rate, seconds);
}

/** From one rate to another in a straight line. Less than a microsecond gives an empty profile: its slope has no number. */
export function ramp(fromRate: number, toRate: number, seconds: number): RateProfile {
  for (const value of [fromRate, toRate, seconds]) {
    if (!Number.isFinite(value) || value < 0) throw new RangeError(`a rate or time of ${value}`);
  }
  return { segments: seconds < 1e-6 ? [] : [{ seconds, fromRate, toRate }] };
}

/** One profile after the other. */
export function sequence(...profiles: readonly RateProfile[]): RateProfile {
  return { segments: profiles.flatMap((profile) => profile.segments) };
}

export function durationSeconds({ segments }: RateProfile): number {
  return segments.reduce((sum, { seconds }) => sum + seconds, 0);
}

/** Orders/s at a time; 0 outside the profile. At a step, the rate after it. */
export function rateAt({ segments }: RateProfile, second: number): number {
  let start = 0;
  for (const { seconds, fromRate, toRate } of segments) {
    if (second >= start && second < start + seconds) {
      return fromRate + ((toRate - fromRate) * (second - start)) / seconds;
    }
    start += seconds;
  }
  return 0;
}

/** Orders that the whole profile offers: the area below it, rounded down. */
export function totalOrders({ segments }: RateProfile): number {
  return Math.floor(segments.reduce((sum, segment) => sum + ordersIn(segment), 0) + 1e-6);
}

/**
 * The intended time of each order in seconds from the start, never decreasing: the n-th order (from 0) is due
 * when the area below the profile reaches n + ½.
 */
export function* intendedSeconds(profile: RateProfile): Generator<number, void, void> {
  const total = totalOrders(profile);
  let sent = 0;
  let start = 0;
  let before = 0;
  for (const segment of profile.segments) {
    const within = ordersIn(segment);
    for (; sent < total && sent + 0.5 <= before + within; sent++) {
      yield start + secondsUntil(segment, sent + 0.5 - before);
    }
    start += segment.seconds;
    before += within;
  }
  for (; sent < total; sent++) yield start;
}

function ordersIn({ seconds, fromRate, toRate }: Segment): number {
  return (seconds * (fromRate + toRate)) / 2;
}

// Solves fromRate·t + slope·t²/2 = orders for t, in the form that stays exact as the slope goes to 0.
function secondsUntil({ seconds, fromRate, toRate }: Segment, orders: number): number {
  const slope = (toRate - fromRate) / seconds;
  const root = Math.sqrt(Math.max(0, fromRate * fromRate + 2 * slope * orders));
  const denominator = fromRate + root;
  return denominator === 0 ? 0 : Math.min(seconds, (2 * orders) / denominator);
}
