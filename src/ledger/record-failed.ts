import { orderError } from '../order/errors.ts';
import type { ClaimedOrder } from '../order/order.ts';
import type { Settlement, SettleReason } from '../order/states.ts';
import type { Clock } from '../platform/clock.ts';
import type { Pool } from './pool.ts';
import { settleBatch } from './settle-batch.ts';

const int4Max = 2 ** 31 - 1;
/** The year 9999, as far as `timestamptz` and ISO 8601 agree. */
const timeMaxMs = 253_402_300_799_999;
const attemptsMax = 1_000;

/**
 * Writes an order as failed. It counts against the cap like any other and waits for its turn, for it is a write
 * all the same; it does not wait for the end of a pause, so that dead letters can be purged during one.
 *
 * Numbers that the table can't hold, which may be why the order failed, are recorded as the nearest that it can.
 */
export async function recordFailed(
  { pool, clock, batchMaxOrders }: { pool: Pool; clock: Clock; batchMaxOrders: number },
  order: ClaimedOrder,
  reason: SettleReason,
): Promise<Settlement> {
  const writable = [nearestWritable(order)];
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const result = await settleBatch(pool, writable, batchMaxOrders, reason);
    if (result.outcome === 'written') return result.settlements[0]!;
    if (result.outcome === 'wait') await clock.sleep(result.waitMs);
  }
  throw orderError('ledger-unavailable', 'batches used up the cap all the time');
}

/** The order with its numbers as near to what they are as the table can hold. */
export function nearestWritable(order: ClaimedOrder): ClaimedOrder {
  return {
    ...order,
    quantity: within(order.quantity, -int4Max, int4Max),
    sequence: within(order.sequence, 0, Number.MAX_SAFE_INTEGER),
    claimedAtMs: within(order.claimedAtMs, 0, timeMaxMs),
  };
}

function within(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, Math.trunc(value)));
}
