import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';

const pollMs = 20;
/** A drain that stands still for so long is broken. */
const patienceMs = 30_000;

/** Pieces of a SKU sold by committed orders; each order of a bench is for one piece. */
export async function committedOrders(ledger: Pool, saleId: string, sku: string): Promise<number> {
  const { rows } = await ledger.query<{ sold: number }>({
    name: 'sold',
    text: 'SELECT stock_initial - stock_left AS sold FROM sale_items WHERE sale_id = $1 AND sku = $2',
    values: [saleId, sku],
  });
  return rows[0]?.sold ?? 0;
}

/**
 * Waits until `orders` are committed, as another connection sees it; resolves with when, in milliseconds since the
 * epoch, at most one poll (20 ms) late.
 * @throws when the drain stands still
 */
export async function untilCommitted(
  read: () => Promise<number>,
  orders: number,
  signal: AbortSignal,
): Promise<number> {
  let last = -1;
  let movedAtMs = Date.now();
  for (;;) {
    const committed = await read();
    if (committed >= orders) return Date.now();
    if (committed !== last) {
      last = committed;
      movedAtMs = Date.now();
    }
    if (Date.now() - movedAtMs > patienceMs) {
      throw Object.assign(new Error(`${committed} of ${orders} orders are committed, and no more come`), {
        code: 'drain-stalled',
      });
    }
    await delay(pollMs, undefined, { signal });
  }
}
