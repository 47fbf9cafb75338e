import type { Cap, LedgerOperations } from '../order/ports/ledger.ts';
import { burstOrders, capRange } from './cap-rule.ts';
import type { Pool } from './pool.ts';

interface CapRow {
  readonly orders_per_second: number;
  readonly paused: boolean;
  readonly reason: string;
}

const columns = 'orders_per_second, paused, reason';

/** The cap's one row. Batches see a change with their next call. */
export function createCap(
  pool: Pool,
  batchMaxOrders: number,
): Pick<LedgerOperations, 'setCap' | 'setPaused'> & { readCap(): Promise<Cap> } {
  async function rowOf(text: string, values: readonly unknown[] = []): Promise<Cap> {
    const [row] = await pool.query<CapRow>({ text, values }, 'ledger-unavailable');
    return {
      ordersPerSecond: row!.orders_per_second,
      paused: row!.paused,
      reason: row!.reason,
      burstOrders: burstOrders(row!.orders_per_second, batchMaxOrders),
    };
  }

  return {
    readCap() {
      return rowOf(`SELECT ${columns} FROM drain_cap`);
    },
    async setCap(ordersPerSecond, reason) {
      const { min, max } = capRange;
      if (!Number.isInteger(ordersPerSecond) || ordersPerSecond < min || ordersPerSecond > max) {
        throw new RangeError(
          `the cap is a whole number from ${min} to ${max} orders per second, not ${ordersPerSecond}`,
        );
      }
      return rowOf(`UPDATE drain_cap SET orders_per_second = $1, reason = $2 RETURNING ${columns}`, [
        ordersPerSecond,
        reason,
      ]);
    },
    setPaused(paused) {
      return rowOf(`UPDATE drain_cap SET paused = $1 RETURNING ${columns}`, [paused]);
    },
  };
}
