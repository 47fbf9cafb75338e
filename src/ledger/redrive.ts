import { orderError } from '../order/errors.ts';
import type { ClaimedOrder } from '../order/order.ts';
import type { LedgerRedrive, RedriveOutcome } from '../order/ports/ledger.ts';
import type { SettledStatus, SettleReason } from '../order/states.ts';
import type { Clock } from '../platform/clock.ts';
import type { Pool } from './pool.ts';
import { nearestWritable, recordFailed } from './record-failed.ts';
import { readSql } from './sql.ts';

/** The one row of `sluice_redrive_order`; its columns are described in redrive-order.sql. */
interface RedriveRow {
  readonly verdict: 'written' | 'standing' | 'differs' | 'refused' | 'wait' | 'paused';
  readonly code: 'c' | 's' | 'l' | 'u' | null;
  readonly status: SettledStatus | null;
  readonly reason: SettleReason | null;
  readonly settled_at_ms: number | null;
  readonly wait_us: number | null;
}

const reasonOfCode = { s: 'sold-out', l: 'customer-limit', u: 'unknown-sku' } as const;
const attemptsMax = 1_000;

/** What becomes of failed orders: confirmed after all, or given up. */
export function createRedrive(options: {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly batchMaxOrders: number;
}): LedgerRedrive {
  const { pool, clock, batchMaxOrders } = options;
  const purgeOrder = readSql('purge-order.sql');

  async function redriveOnce(order: ClaimedOrder): Promise<RedriveRow> {
    const [row] = await pool.query<RedriveRow>({
      text: 'SELECT * FROM sluice_redrive_order($1, $2, $3, $4, $5, $6, $7, $8)',
      values: [
        order.saleId,
        order.transactionId,
        order.sku,
        order.customerId,
        order.quantity,
        order.sequence,
        order.claimedAtMs,
        batchMaxOrders,
      ],
    });
    return row!;
  }

  return {
    async redrive(order) {
      // An order that was never written down is failed until it is confirmed.
      await recordFailed(options, order, 'dead-lettered');
      for (let attempt = 0; attempt < attemptsMax; attempt++) {
        const row = await redriveOnce(order);
        if (row.verdict !== 'wait') return outcomeOf(order, row);
        await clock.sleep(row.wait_us! / 1_000);
      }
      throw orderError('ledger-unavailable', 'batches used up the cap all the time');
    },

    async purge(order) {
      const standing = await recordFailed(options, order, 'purged');
      if (standing.status !== 'failed' || standing.reason === 'purged') return standing;
      const { saleId, transactionId, sku, quantity, customerId } = nearestWritable(order);
      const [row] = await pool.query<{ settled_at_ms: number }>({
        text: purgeOrder,
        values: [saleId, transactionId, sku, quantity, customerId],
      });
      // Another order stands under this transaction ID, or a redrive was faster: what stands then, stands.
      if (!row) return recordFailed(options, order, 'purged');
      return { order: standing.order, status: 'failed', reason: 'purged', settledAtMs: row.settled_at_ms };
    },
  };
}

function outcomeOf({ saleId, transactionId }: ClaimedOrder, row: RedriveRow): RedriveOutcome {
  const order = { saleId, transactionId };
  switch (row.verdict) {
    case 'written':
      return {
        outcome: 'settled',
        settlement: { order, status: 'confirmed', settledAtMs: row.settled_at_ms! },
      };
    case 'standing':
      return {
        outcome: 'settled',
        settlement: {
          order,
          status: row.status!,
          ...(row.reason === null ? {} : { reason: row.reason }),
          settledAtMs: row.settled_at_ms!,
          repeated: true,
        },
      };
    case 'differs':
    case 'paused':
      return { outcome: row.verdict };
    default:
      return { outcome: 'refused', reason: reasonOfCode[row.code as 's' | 'l' | 'u'] };
  }
}
