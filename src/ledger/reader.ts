import type { LedgerOrder, LedgerReader } from '../order/ports/ledger.ts';
import type { LedgerItem, LedgerSale } from '../order/sale.ts';
import type { SettledStatus, SettleReason } from '../order/states.ts';
import type { Pool } from './pool.ts';
import { readSql } from './sql.ts';

interface OrderRow {
  readonly sale_id: string;
  readonly transaction_id: string;
  readonly sku: string;
  readonly customer_id: string;
  readonly quantity: number;
  readonly status: SettledStatus;
  readonly reason: SettleReason | null;
  readonly sequence: number;
  readonly accepted_at_ms: number;
  readonly settled_at_ms: number;
}

interface SaleRow {
  readonly sale_id: string;
  readonly opens_at_ms: number;
  readonly closes_at_ms: number;
  readonly highest_sequence: number;
  readonly epoch: number;
  readonly archived: boolean;
  readonly items: readonly (Omit<LedgerItem, 'customerLimit'> & { readonly customerLimit: number | null })[];
}

/** What status, operations and the reconciler ask; all errors are `ledger-unavailable`. */
export function createReader(pool: Pool): LedgerReader {
  const findOrders = { name: 'find_orders', text: readSql('find-orders.sql') };
  const pageOrders = { name: 'page_orders', text: readSql('page-orders.sql') };
  const readSales = { name: 'read_sales', text: readSql('read-sales.sql') };

  const read = <Row>(statement: { name: string; text: string }, values: readonly unknown[]) =>
    pool.query<Row>({ ...statement, values }, 'ledger-unavailable');

  return {
    async find(saleId, transactionIds) {
      if (transactionIds.length === 0) return [];
      return (await read<OrderRow>(findOrders, [saleId, transactionIds])).map(toOrder);
    },

    async sale(saleId) {
      const [row] = await read<SaleRow>(readSales, [saleId, true]);
      return row && toSale(row);
    },

    async sales() {
      return (await read<SaleRow>(readSales, [null, true])).map(toSale);
    },

    async liveSales() {
      return (await read<SaleRow>(readSales, [null, false])).map(toSale);
    },

    async *orders(saleId, ordersPerPage) {
      let after = '';
      for (;;) {
        const rows = await read<OrderRow>(pageOrders, [saleId, after, ordersPerPage]);
        if (rows.length > 0) yield rows.map(toOrder);
        if (rows.length < ordersPerPage) return;
        after = rows.at(-1)!.transaction_id;
      }
    },
  };
}

function toOrder(row: OrderRow): LedgerOrder {
  return {
    order: {
      saleId: row.sale_id,
      transactionId: row.transaction_id,
      sku: row.sku,
      quantity: row.quantity,
      customerId: row.customer_id,
      sequence: row.sequence,
      claimedAtMs: row.accepted_at_ms,
    },
    status: row.status,
    ...(row.reason === null ? {} : { reason: row.reason }),
    settledAtMs: row.settled_at_ms,
  };
}

function toSale(row: SaleRow): LedgerSale {
  return {
    saleId: row.sale_id,
    opensAtMs: row.opens_at_ms,
    closesAtMs: row.closes_at_ms,
    highestSequence: row.highest_sequence,
    epoch: row.epoch,
    archived: row.archived,
    items: row.items.map(({ customerLimit, ...item }) =>
      customerLimit === null ? item : { ...item, customerLimit },
    ),
  };
}
