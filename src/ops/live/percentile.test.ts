import fc from 'fast-check';
import { expect, it } from 'vitest';
import { percentile } from './percentile.ts';

const bounds = [0.001, 0.01, 0.1, 1];

function bucketsOf(values: readonly number[]): Map<number, number> {
  return new Map(
    [...bounds, Number.POSITIVE_INFINITY].map((bound) => [
      bound,
      values.filter((value) => value <= bound).length,
    ]),
  );
}

it('a percentile lies in the bucket of the value that it stands for, and rises with its share', () => {
  const values = fc.array(fc.double({ min: 0.000_01, max: 0.999, noNaN: true }), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(values, fc.constantFrom(0.5, 0.95, 0.99), (all, share) => {
      const found = percentile(bucketsOf(all), share)!;
      const exact = all.toSorted((a, b) => a - b)[Math.ceil(share * all.length) - 1]!;
      const upper = bounds.find((bound) => exact <= bound)!;
      const lower = bounds[bounds.indexOf(upper) - 1] ?? 0;
      expect(found).toBeGreaterThanOrEqual(lower);
      expect(found).toBeLessThanOrEqual(upper);
      expect(percentile(bucketsOf(all), 1)!).toBeGreaterThanOrEqual(found);
    }),
  );
});

it('of nothing there is none, and beyond the last bound no more is known than that', () => {
  expect(percentile(new Map(), 0.5)).toBeUndefined();
  expect(percentile(bucketsOf([]), 0.5)).toBeUndefined();
  expect(percentile(bucketsOf([5, 5, 5]), 0.99)).toBe(1);
});
