import { type Clock, systemClock } from './clock.ts';

/** The system's clock, whose time can also be let pass: what waits for that time goes on at once. */
export function createPassingClock() {
  let aheadMs = 0;
  let jump = new AbortController();
  const monotonicMs = () => systemClock.monotonicMs() + aheadMs;
  const clock: Clock = {
    nowMs: () => systemClock.nowMs() + aheadMs,
    monotonicMs,
    async sleep(ms, signal) {
      const dueMs = monotonicMs() + ms;
      for (let leftMs = ms; leftMs > 0 && !signal?.aborted; leftMs = dueMs - monotonicMs()) {
        await systemClock.sleep(leftMs, signal ? AbortSignal.any([signal, jump.signal]) : jump.signal);
      }
    },
  };
  return {
    clock,
    pass(ms: number): void {
      aheadMs += ms;
      const before = jump;
      jump = new AbortController();
      before.abort();
    },
  };
}
