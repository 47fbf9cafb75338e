import { expect, it } from 'vitest';
import type { Clock } from '../platform/clock.ts';
import { createPace } from './pace.ts';

/** A clock whose sleeps are noted and take no time, and whose time of day can be set. */
function settableClock() {
  const slept: number[] = [];
  let monotonicMs = 0;
  let setByMs = 0;
  const clock: Clock = {
    nowMs: () => 1_800_000_000_000 + monotonicMs + setByMs,
    monotonicMs: () => monotonicMs,
    async sleep(ms) {
      slept.push(ms);
      monotonicMs += ms;
    },
  };
  return {
    clock,
    slept,
    setBy: (ms: number) => {
      setByMs += ms;
    },
  };
}

const { signal } = new AbortController();

it('items go no faster than their rate, and the first at once', async () => {
  const { clock, slept } = settableClock();
  const pace = createPace(clock, 100);
  for (const items of [10, 20, 1]) await pace(items, signal);
  expect(slept).toEqual([100, 200]);
});

it('a clock that is set back, or ahead, changes nothing', async () => {
  const { clock, slept, setBy } = settableClock();
  const pace = createPace(clock, 100);
  await pace(10, signal);
  setBy(-3_600_000);
  await pace(10, signal);
  setBy(7_200_000);
  await pace(10, signal);
  expect(slept).toEqual([100, 100]);
});
