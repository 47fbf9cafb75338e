import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { burstOrders, decideBatch } from './cap-rule.ts';

const secondNs = 1_000_000_000n;

interface Written {
  readonly atNs: bigint;
  readonly orders: number;
}

/** The most orders in any closed sliding second. */
function busiestSecond(written: readonly Written[]): number {
  let busiest = 0;
  let inWindow = 0;
  let first = 0;
  for (const { atNs, orders } of written) {
    inWindow += orders;
    while (written[first]!.atNs < atNs - secondNs) inWindow -= written[first++]!.orders;
    busiest = Math.max(busiest, inWindow);
  }
  return busiest;
}

const caps = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 1_000_000 }));
/** How late each wake-up is, as a share of what half a burst is worth. */
const latenesses = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 200, maxLength: 400 });
/** A share of the burst for the batch, and how late, as a share of a second, the caller wakes up. */
const steps = fc.array(
  fc.record({
    share: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
    lateness: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.2, noNaN: true }), fc.constant(1)),
    obedient: fc.boolean(),
  }),
  { minLength: 1, maxLength: 400 },
);

describe('the cap', () => {
  test('is used whole by a drainer that fills half of the burst and wakes up late by up to the other half', () => {
    fc.assert(
      fc.property(fc.integer({ min: 40, max: 10_000 }), latenesses, (ordersPerSecond, walk) => {
        const burst = burstOrders(ordersPerSecond, 500);
        const orders = Math.floor(burst / 2);
        const startNs = 1_800_000_000n * secondNs;
        let bookedUntilNs = startNs;
        let nowNs = startNs;
        for (const lateness of walk) {
          const state = { ordersPerSecond, burstOrders: burst, bookedUntilNs };
          const first = decideBatch(state, orders, nowNs);
          if (!first.allowed) {
            nowNs += first.waitNs + BigInt(Math.floor((lateness * orders * 1e9) / ordersPerSecond));
          }
          const second = decideBatch(state, orders, nowNs);
          if (!second.allowed) throw new Error('still refused after the wait');
          bookedUntilNs = second.bookedUntilNs;
        }
        const seconds = Number(nowNs - startNs) / 1e9;
        expect((walk.length * orders) / seconds).toBeGreaterThanOrEqual(0.97 * ordersPerSecond);
      }),
    );
  });

  test('holds in every sliding second, whatever the sizes of the batches and whenever they come', () => {
    fc.assert(
      fc.property(caps, fc.integer({ min: 1, max: 500 }), steps, (ordersPerSecond, batchMax, walk) => {
        const burst = burstOrders(ordersPerSecond, batchMax);
        let bookedUntilNs = 0n;
        let nowNs = 1_800_000_000n * secondNs;
        const written: Written[] = [];
        for (const { share, lateness, obedient } of walk) {
          const orders = Math.max(1, Math.round(share * burst));
          let decision = decideBatch({ ordersPerSecond, burstOrders: burst, bookedUntilNs }, orders, nowNs);
          if (!decision.allowed && obedient) {
            nowNs += decision.waitNs;
            decision = decideBatch({ ordersPerSecond, burstOrders: burst, bookedUntilNs }, orders, nowNs);
            expect(decision.allowed).toBe(true);
          }
          if (decision.allowed) {
            bookedUntilNs = decision.bookedUntilNs;
            written.push({ atNs: nowNs, orders });
          }
          // Late by a share of the tolerances that matter, now and then by a whole second.
          nowNs += BigInt(
            Math.floor(lateness * (lateness === 1 ? 1e9 : 1e9 / Math.min(20, ordersPerSecond))),
          );
        }
        expect(busiestSecond(written)).toBeLessThanOrEqual(ordersPerSecond + burst);
      }),
      { numRuns: 500 },
    );
  });

  test('loses nothing to a caller with a backlog that wakes up late by less than its credit', () => {
    fc.assert(
      fc.property(
        caps,
        fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 10, maxLength: 300 }),
        (ordersPerSecond, lateness) => {
          const burst = burstOrders(ordersPerSecond, 500);
          const orders = Math.max(1, Math.floor(burst / 2));
          const creditNs = Number(BigInt(10 * (burst - orders) + 9) * 100_000_000n) / ordersPerSecond;
          const startNs = 1_800_000_000n * secondNs;
          let bookedUntilNs = startNs;
          let nowNs = startNs;
          for (const late of lateness) {
            const state = { ordersPerSecond, burstOrders: burst, bookedUntilNs };
            let decision = decideBatch(state, orders, nowNs);
            if (!decision.allowed) {
              nowNs += decision.waitNs + BigInt(Math.floor(late * creditNs));
              decision = decideBatch(state, orders, nowNs);
            }
            if (!decision.allowed) throw new Error('refused after the wait it asked for');
            bookedUntilNs = decision.bookedUntilNs;
          }
          // Exactly the cap, but for a nanosecond of rounding per batch.
          const idealNs = (BigInt(orders * lateness.length) * secondNs) / BigInt(ordersPerSecond);
          expect(bookedUntilNs - startNs - idealNs).toBeLessThanOrEqual(BigInt(lateness.length));
        },
      ),
    );
  });

  test('has a burst of 50 ms, of one order at least and one batch at most', () => {
    expect([1, 39, 40, 2_000, 1_000_000].map((cap) => burstOrders(cap, 500))).toEqual([1, 1, 2, 100, 500]);
  });
});
