import type { Clock } from '../platform/clock.ts';

/** A drainer's rest, which ends before its time when enough orders wait, or when it is woken. */
export function createRest(clock: Clock) {
  let wakeUp = new AbortController();
  let enoughOrders = 1;

  return {
    /** Rests for `ms` at most. Orders that wait already do not end it. */
    async rest(ms: number, orders: number): Promise<void> {
      wakeUp = new AbortController();
      enoughOrders = orders;
      await clock.sleep(ms, wakeUp.signal);
    },
    /** Says how many orders wait now. */
    arrived(orders: number): void {
      if (orders >= enoughOrders) wakeUp.abort();
    },
    wake: () => wakeUp.abort(),
  };
}
