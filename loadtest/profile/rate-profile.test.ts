import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  durationSeconds,
  hold,
  intendedSeconds,
  type RateProfile,
  ramp,
  rateAt,
  sequence,
  totalOrders,
} from './rate-profile.ts';

const rate = fc.double({ min: 0, max: 400, noNaN: true });
const seconds = fc.double({ min: 0, max: 3, noNaN: true });
const profile: fc.Arbitrary<RateProfile> = fc
  .array(fc.tuple(rate, rate, seconds), { minLength: 1, maxLength: 5 })
  .map((pieces) => sequence(...pieces.map(([from, to, time]) => ramp(from, to, time))));

/** Area below the profile up to a time, by the definition. */
function areaUntil({ segments }: RateProfile, until: number): number {
  let start = 0;
  let area = 0;
  for (const { seconds: length, fromRate, toRate } of segments) {
    const within = Math.min(length, Math.max(0, until - start));
    area += fromRate * within + (((toRate - fromRate) / length) * within * within) / 2;
    start += length;
  }
  return area;
}

describe('a rate profile', () => {
  it('offers as many orders as its area holds, in order, within its time', () => {
    fc.assert(
      fc.property(profile, (any) => {
        const times = [...intendedSeconds(any)];
        expect(times).toHaveLength(totalOrders(any));
        times.forEach((time, index) => {
          expect(time).toBeGreaterThanOrEqual(index === 0 ? 0 : times[index - 1]! - 1e-9);
        });
        expect(times.at(-1) ?? 0).toBeLessThanOrEqual(durationSeconds(any) + 1e-9);
      }),
    );
  });

  it('is never more than one order ahead of its area or behind it', () => {
    fc.assert(
      fc.property(profile, (any) => {
        [...intendedSeconds(any)].forEach((time, index) => {
          expect(Math.abs(areaUntil(any, time) - (index + 0.5))).toBeLessThan(0.51);
        });
      }),
    );
  });

  it('spaces a constant rate evenly', () => {
    const times = [...intendedSeconds(hold(1_000, 2))];
    expect(times).toHaveLength(2_000);
    times.forEach((time, index) => {
      expect(time).toBeCloseTo((index + 0.5) / 1_000, 9);
    });
  });

  it('steps and ramps at the rates it was given', () => {
    const steps = sequence(hold(50, 5), hold(5_000, 30), ramp(5_000, 0, 10));
    expect([0, 4.9, 5, 34.9, 40, 45].map((second) => rateAt(steps, second))).toEqual([
      50, 50, 5_000, 5_000, 2_500, 0,
    ]);
    expect(totalOrders(steps)).toBe(250 + 150_000 + 25_000);
  });

  it('leaves out a piece too short to have a slope', () => {
    expect(ramp(0, 400, 5e-324).segments).toEqual([]);
  });

  it('refuses a rate or a time below 0', () => {
    expect(() => ramp(-1, 5, 1)).toThrow(RangeError);
    expect(() => hold(5, Number.NaN)).toThrow(RangeError);
  });
});
