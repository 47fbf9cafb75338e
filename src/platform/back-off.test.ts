import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createBackOff } from './back-off.ts';

it('waiting times double from the first to the longest, each drawn from its upper half', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.integer({ min: 1, max: 60_000 }),
      fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
        minLength: 1,
        maxLength: 80,
      }),
      (firstMs, maxMs, draws) => {
        let i = 0;
        const backOff = createBackOff({ firstMs, maxMs }, () => draws[i]!);
        for (; i < draws.length; i++) {
          const ceilingMs = Math.min(maxMs, firstMs * 2 ** Math.min(i, 40));
          const ms = backOff.nextMs();
          expect(ms).toBeGreaterThanOrEqual(ceilingMs / 2);
          expect(ms).toBeLessThanOrEqual(ceilingMs);
        }
      },
    ),
  );
});

it('a success starts it over', () => {
  const backOff = createBackOff({ firstMs: 100, maxMs: 5_000 }, () => 0);
  expect([backOff.nextMs(), backOff.nextMs(), backOff.nextMs()]).toEqual([50, 100, 200]);
  backOff.reset();
  expect(backOff.nextMs()).toBe(50);
});

it('two that failed together do not wait equally long', () => {
  const [one, other] = [0, 1].map(() => createBackOff({ firstMs: 1_000, maxMs: 60_000 }));
  const waits = [0, 1, 2, 3].map(() => [one!.nextMs(), other!.nextMs()]);
  expect(waits.some(([a, b]) => a !== b)).toBe(true);
});
