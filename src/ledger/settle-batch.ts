import type { ClaimedOrder } from '../order/order.ts';
import type { BatchOutcome, Cap } from '../order/ports/ledger.ts';
import type { SettledStatus, Settlement, SettleReason } from '../order/states.ts';
import type { Pool } from './pool.ts';

/** The one row of `sluice_settle_batch`; its columns are described in settle-batch.sql. */
interface SettleRow {
  readonly verdict: 'written' | 'wait' | 'too-large' | 'paused';
  readonly codes: string | null;
  readonly settled_at_ms: number | null;
  readonly known_settled_at_ms: readonly (number | null)[] | null;
  readonly wait_us: number | null;
  readonly cap_orders_per_second: number;
  readonly cap_paused: boolean;
  readonly cap_reason: string;
  readonly cap_burst_orders: number;
}

const statement = {
  name: 'sluice_settle_batch',
  text: 'SELECT * FROM sluice_settle_batch($1, $2, $3, $4, $5, $6, $7, $8, $9)',
};

const outcomeOfCode: Readonly<Record<string, { status: SettledStatus; reason?: SettleReason }>> = {
  c: { status: 'confirmed' },
  s: { status: 'rejected', reason: 'sold-out' },
  l: { status: 'rejected', reason: 'customer-limit' },
  u: { status: 'failed', reason: 'unknown-sku' },
  d: { status: 'failed', reason: 'dead-lettered' },
  p: { status: 'failed', reason: 'purged' },
};

/**
 * One call of `sluice_settle_batch`.
 *
 * @param failReason set: whatever is new is written as failed for this reason, touching no stock
 */
export async function settleBatch(
  pool: Pool,
  orders: readonly ClaimedOrder[],
  batchMaxOrders: number,
  failReason?: SettleReason,
): Promise<BatchOutcome> {
  const values = [
    orders.map((o) => o.saleId),
    orders.map((o) => o.transactionId),
    orders.map((o) => o.sku),
    orders.map((o) => o.customerId),
    orders.map((o) => o.quantity),
    orders.map((o) => o.sequence),
    orders.map((o) => o.claimedAtMs),
    batchMaxOrders,
    failReason ?? null,
  ];
  const [row] = await pool.query<SettleRow>({ ...statement, values });
  return parseSettleRow(row!, orders);
}

function parseSettleRow(row: SettleRow, orders: readonly ClaimedOrder[]): BatchOutcome {
  const cap: Cap = {
    ordersPerSecond: row.cap_orders_per_second,
    paused: row.cap_paused,
    reason: row.cap_reason,
    burstOrders: row.cap_burst_orders,
  };
  switch (row.verdict) {
    case 'written':
      return {
        outcome: 'written',
        settlements: parseSettlements(row, orders),
        nextInMs: row.wait_us! / 1_000,
        cap,
      };
    case 'wait':
      return { outcome: 'wait', waitMs: row.wait_us! / 1_000, cap };
    default:
      return { outcome: row.verdict, cap };
  }
}

function parseSettlements(row: SettleRow, orders: readonly ClaimedOrder[]): Settlement[] {
  const codes = row.codes!;
  let known = 0;
  return orders.map(({ saleId, transactionId }, i) => {
    const code = codes[i]!;
    const lower = code.toLowerCase();
    const order = { saleId, transactionId };
    if (code === lower) return { order, ...outcomeOfCode[lower]!, settledAtMs: row.settled_at_ms! };
    const settledAtMs = row.known_settled_at_ms![known++] ?? row.settled_at_ms!;
    return { order, ...outcomeOfCode[lower]!, settledAtMs, repeated: true };
  });
}
