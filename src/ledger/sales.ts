import { orderError } from '../order/errors.ts';
import type { LedgerOperations } from '../order/ports/ledger.ts';
import type { Sale } from '../order/sale.ts';
import type { Pool, Query } from './pool.ts';
import { createReader } from './reader.ts';
import { readSql } from './sql.ts';

/** An item as the ledger holds it, locked. */
interface ItemRow {
  readonly sku: string;
  readonly customer_limit: number | null;
  /** Restocks included. */
  readonly stock_initial: number;
  /** As the sale file had it at first. */
  readonly stock_declared: number;
}

const removePageOrders = 5_000;

/**
 * Changes to sales. Operations on one sale wait for one another; against batches they lock in the order that
 * settle-batch.sql keeps to.
 */
export function createSales(
  pool: Pool,
): Pick<LedgerOperations, 'applySale' | 'restock' | 'raiseEpoch' | 'archiveSale' | 'removeSale'> {
  const reader = createReader(pool);
  const lockItems = readSql('lock-items.sql');
  const readItems = readSql('read-items.sql');
  const upsertSale = readSql('upsert-sale.sql');
  const upsertItems = readSql('upsert-items.sql');
  const restockSql = readSql('restock.sql');
  const removeOrders = readSql('remove-orders.sql');
  const removeRanking = readSql('remove-ranking.sql');

  return {
    async applySale(sale) {
      const applied = await pool.transaction(async (query) => {
        await lockSale(query, sale.saleId);
        // Two statements: rows that had to be waited for are read as they are once they are locked.
        await query({ text: lockItems, values: [sale.saleId] });
        const items = await query<ItemRow>({ text: readItems, values: [sale.saleId] });
        const refused = refusedChanges(items, sale);
        if (refused.length > 0) throw orderError('sale-change-refused', refused.join('; '));
        const [row] = await query<{ created: boolean }>({
          text: upsertSale,
          values: [sale.saleId, sale.opensAtMs, sale.closesAtMs, addsLimit(items, sale)],
        });
        await query({ text: upsertItems, values: itemColumns(sale) });
        return row!;
      });
      const stored = await reader.sale(sale.saleId);
      if (!stored) throw orderError('unknown-sale', `the sale ${sale.saleId} was removed meanwhile`);
      return { created: applied.created, sale: stored };
    },

    async restock(saleId, restockId, sku, pieces) {
      if (!Number.isSafeInteger(pieces) || pieces < 1) {
        throw new RangeError(`pieces must be a whole number from 1 up, not ${pieces}`);
      }
      const [row] = await pool.query<{
        sale_exists: boolean;
        item_exists: boolean;
        done: boolean;
        differs: boolean;
      }>({ text: restockSql, values: [saleId, restockId, sku, pieces] }, 'sale-change-refused');
      if (!row!.sale_exists) throw unknownSale(saleId);
      if (!row!.item_exists)
        throw orderError('sale-change-refused', `${saleId} has no SKU ${sku} to restock`);
      if (row!.differs) {
        throw orderError('sale-change-refused', `restock ${restockId} was another SKU or number of pieces`);
      }
      return row!.done;
    },

    async raiseEpoch(saleId) {
      const [row] = await pool.query<{ epoch: number }>({
        text: 'UPDATE sales SET epoch = epoch + 1 WHERE sale_id = $1 RETURNING epoch',
        values: [saleId],
      });
      if (!row) throw unknownSale(saleId);
      return row.epoch;
    },

    async archiveSale(saleId) {
      const [row] = await pool.query<{ sale_id: string }>({
        text: 'UPDATE sales SET archived_at = coalesce(archived_at, now()) WHERE sale_id = $1 RETURNING sale_id',
        values: [saleId],
      });
      if (!row) throw unknownSale(saleId);
    },

    async removeSale(saleId) {
      let orders = 0;
      const removePage = async (query: Query) => {
        const [row] = await query<{ removed: number }>({
          text: removeOrders,
          values: [saleId, removePageOrders],
        });
        orders += row!.removed;
        return row!.removed;
      };
      while ((await removePage(pool.query)) === removePageOrders);
      // The sale goes last: a removal that was interrupted can be repeated.
      await pool.transaction(async (query) => {
        await lockSale(query, saleId);
        await query({ text: removeRanking, values: [saleId] });
        await query({ text: 'DELETE FROM restocks WHERE sale_id = $1', values: [saleId] });
        await query({ text: 'DELETE FROM sale_items WHERE sale_id = $1', values: [saleId] });
        await query({ text: 'DELETE FROM sales WHERE sale_id = $1', values: [saleId] });
        await removePage(query);
      });
      return { orders };
    },
  };
}

async function lockSale(query: Query, saleId: string): Promise<void> {
  await query({
    text: "SELECT pg_advisory_xact_lock(hashtextextended('sluice sale ' || $1, 0))",
    values: [saleId],
  });
}

/** What applying `sale` would change against the rules, one sentence each. */
function refusedChanges(items: readonly ItemRow[], sale: Sale): string[] {
  const wanted = new Map(sale.items.map((item) => [item.sku, item]));
  const refused: string[] = [];
  for (const { sku, stock_declared: declared, stock_initial: initial } of items) {
    const item = wanted.get(sku);
    if (!item) {
      refused.push(`SKU ${sku} is missing: an item that is on sale can't be taken out`);
    } else if (item.stock !== declared && item.stock !== initial) {
      refused.push(
        `the stock of SKU ${sku} is ${initial}, not ${item.stock}: stock changes only by restocking`,
      );
    }
  }
  if (wanted.size < sale.items.length) refused.push('a SKU is there twice');
  if (sale.closesAtMs <= sale.opensAtMs) refused.push('the sale closes before it opens');
  return refused;
}

/** Pieces sold without a limit are counted in no claim: a rebuild counts them, from the orders. */
function addsLimit(items: readonly ItemRow[], sale: Sale): boolean {
  const unlimited = new Set(items.filter((item) => item.customer_limit === null).map((item) => item.sku));
  return sale.items.some((item) => item.customerLimit !== undefined && unlimited.has(item.sku));
}

function itemColumns(sale: Sale): unknown[] {
  return [
    sale.saleId,
    sale.items.map((item) => item.sku),
    sale.items.map((item) => item.name),
    sale.items.map((item) => item.priceMinor),
    sale.items.map((item) => item.stock),
    sale.items.map((item) => item.customerLimit ?? null),
  ];
}

function unknownSale(saleId: string): Error {
  return orderError('unknown-sale', `there is no sale ${saleId}`);
}
