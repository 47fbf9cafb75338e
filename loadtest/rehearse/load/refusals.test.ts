import { expect, it } from 'vitest';
import type { Desk, Reply } from './desk.ts';
import { quantile, watchRefusals } from './refusals.ts';

it('tells the first 503s of a fault, which may wait for the confirm timeout, from those of the breaker', () => {
  let tell: (reply: Reply) => void = () => undefined;
  const desk = {
    watch(listener: (reply: Reply) => void) {
      tell = listener;
      return () => undefined;
    },
  } as unknown as Desk;
  const refusals = watchRefusals(desk, 2_000);
  const reply = (fields: Partial<Reply>) =>
    tell({ status: 503, outcome: 'unavailable', retryAfterSeconds: 1, ...fields } as Reply);
  reply({ status: 202, outcome: 'accepted', sentMs: 10, latencyMs: 5 });
  reply({ outcome: 'outcome-unknown', sentMs: 9_000, latencyMs: 2_020 });
  reply({ sentMs: 10_900, latencyMs: 3 });
  reply({ sentMs: 11_000, latencyMs: 40 });
  reply({ sentMs: 15_000, latencyMs: 2, retryAfterSeconds: undefined });
  reply({ status: 0, outcome: 'network-error', sentMs: 15_000, latencyMs: 1 });
  expect(refusals.end()).toEqual({
    unavailable: 3,
    outcomeUnknown: 1,
    broken: 1,
    withoutRetryAfter: 1,
    slowestFirstMs: 2_020,
    later: 2,
    laterMedianMs: 2,
    laterP99Ms: 40,
    slowestLaterMs: 40,
  });
});

it('a quantile is one of the values, and nothing of nothing', () => {
  expect(quantile([], 0.5)).toBeNull();
  expect(quantile([3, 1, 2], 0.5)).toBe(2);
  expect(quantile([3, 1, 2], 1)).toBe(3);
  expect(quantile([3, 1, 2], 0)).toBe(1);
});
