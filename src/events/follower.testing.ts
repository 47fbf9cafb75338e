import { randomUUID } from 'node:crypto';
import type { Rig, RunningRole } from '../../test/support/rig.ts';
import { until } from '../../test/support/wait.ts';
import { encodeEvents, type OrderEvent } from '../order/events.ts';
import type { LedgerOrder } from '../order/ports/ledger.ts';
import type { EffectContext, EffectOutcome, Follower } from './follower.ts';
import { each } from './follower.ts';

/** Settled orders that no other call returns. */
export function settledOrders(count: number, more: Partial<LedgerOrder> = {}): LedgerOrder[] {
  const saleId = `sale-${randomUUID()}`;
  return Array.from({ length: count }, (_, i) => ({
    order: {
      saleId,
      transactionId: randomUUID(),
      sku: 'sku',
      quantity: 1,
      customerId: `customer-${i}`,
      sequence: i + 1,
      claimedAtMs: Date.now(),
    },
    status: 'confirmed' as const,
    settledAtMs: Date.now(),
    ...more,
  }));
}

/** Announces orders as the drainer does, in messages of this many events. */
export async function announce(
  rig: Pick<Rig, 'publisher'>,
  orders: readonly LedgerOrder[],
  perMessage = orders.length,
): Promise<string[]> {
  for (let i = 0; i < orders.length; i += perMessage) {
    for (const message of encodeEvents(orders.slice(i, i + perMessage)))
      await rig.publisher.publishEvents(message);
  }
  return orders.map(({ order }) => order.transactionId);
}

/** A follower that notes whom it was called for, and does what it is told. */
export function noting(
  more: Partial<Follower> = {},
  one: (event: OrderEvent, context: EffectContext) => Promise<void> = async () => undefined,
) {
  const noted: string[] = [];
  const calls: number[] = [];
  const apply = each(async (event, context) => {
    await one(event, context);
    noted.push(event.data.transactionId);
  });
  const follower: Follower = {
    name: `noting-${randomUUID().slice(0, 8)}`,
    bindings: ['orders.confirmed'],
    effect: {
      within: 'outside',
      apply(events, context): Promise<readonly EffectOutcome[]> {
        calls.push(events.length);
        return apply(events, context);
      },
    },
    ...more,
  };
  return { follower, noted, calls };
}

/** Runs followers, and stops all that run. */
export function followersOn(rig: Rig) {
  const running: RunningRole[] = [];
  return {
    async run(...args: Parameters<Rig['follower']>): Promise<RunningRole> {
      const one = await rig.follower(...args);
      running.push(one);
      return one;
    },
    async stop(): Promise<void> {
      await Promise.all(running.splice(0).map((role) => role.stop()));
    },
  };
}

export const sorted = (ids: readonly string[]) => [...ids].sort();

export const untilEqual = <T>(what: string, read: () => T | Promise<T>, wanted: T) =>
  until(async () => JSON.stringify(await read()) === JSON.stringify(wanted), { deadlineMs: 20_000, what });
