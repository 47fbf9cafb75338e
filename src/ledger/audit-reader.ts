import pg from 'pg';
import type { AuditOrder, LedgerAudit, LedgerSnapshot, OverLimit, Span } from '../order/ports/audit.ts';
import type { SettledStatus, SettleReason } from '../order/states.ts';
import { ledgerError } from './errors.ts';
import { type ConnectionOptions, connectionConfig } from './pool.ts';
import { readSql } from './sql.ts';

const rowsPerFetch = 10_000;

interface StockRow {
  readonly sale_id: string;
  readonly sku: string;
  readonly stock_initial: number | null;
  readonly stock_left: number | null;
  readonly confirmed_pieces: number;
  readonly failed_pieces: number;
  readonly confirmed_orders: number;
  readonly rejected_orders: number;
  readonly failed_orders: number;
  readonly restocked: boolean;
}

interface OrderRow {
  readonly transaction_id: string;
  readonly fingerprint: string;
  readonly status: SettledStatus;
  readonly reason: SettleReason | null;
}

/**
 * What an audit reads, on two connections of its own: one holds the snapshot (read only, repeatable read), the
 * other looks at what is there now. `statementTimeoutMs` must allow for a pass over all orders.
 *
 * @throws OrderError `ledger-unavailable`, at once where the database does not answer
 */
export async function openLedgerAudit(options: ConnectionOptions): Promise<LedgerAudit> {
  const clients = [
    new pg.Client(connectionConfig(options)),
    new pg.Client(connectionConfig(options)),
  ] as const;
  const [frozen, current] = clients;
  for (const client of clients) client.on('error', () => undefined);

  async function close(): Promise<void> {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  }

  try {
    await Promise.all(clients.map((client) => client.connect()));
  } catch (error) {
    await close();
    throw ledgerError(error, 'ledger-unavailable');
  }

  return {
    async snapshot() {
      // Compiling a plan takes longer than what a pass over the orders gains by it.
      await run(frozen, 'ROLLBACK');
      await run(frozen, 'SET jit = off; SET cursor_tuple_fraction = 1');
      await run(frozen, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      // The snapshot is taken by the first statement that reads.
      await run(frozen, 'SELECT count(*) FROM drain_cap');
      return snapshotOn(frozen);
    },
    async present(saleId, transactionIds) {
      const rows = await run<OrderRow>(
        current,
        'SELECT transaction_id, fingerprint, status, reason FROM orders ' +
          'WHERE sale_id = $1 AND transaction_id = ANY ($2::text[])',
        [saleId, transactionIds],
      );
      return new Map(
        rows.map(({ transaction_id, fingerprint, status, reason }) => [
          transaction_id,
          toOrder([transaction_id, fingerprint, status, reason]),
        ]),
      );
    },
    close,
  };
}

async function run<Row>(client: pg.Client, text: string, values?: unknown[]): Promise<Row[]> {
  try {
    const { rows } = await (values === undefined ? client.query(text) : client.query(text, values));
    return rows as Row[];
  } catch (error) {
    throw ledgerError(error, 'ledger-unavailable');
  }
}

/** Rows as arrays, `rowsPerFetch` at a time. */
async function* stream(client: pg.Client, text: string, values: unknown[]): AsyncGenerator<unknown[][]> {
  await run(client, `DECLARE audit_rows NO SCROLL CURSOR FOR ${text}`, values);
  try {
    for (;;) {
      const rows = await client
        .query({ text: `FETCH ${rowsPerFetch} FROM audit_rows`, rowMode: 'array' })
        .then((result) => result.rows as unknown[][]);
      if (rows.length > 0) yield rows;
      if (rows.length < rowsPerFetch) return;
    }
  } catch (error) {
    throw ledgerError(error, 'ledger-unavailable');
  } finally {
    await client.query('CLOSE audit_rows').catch(() => undefined);
  }
}

function snapshotOn(client: pg.Client): LedgerSnapshot {
  const only = (saleId: string | undefined) => saleId ?? null;
  const spanOf = ({ fromUs, toUs }: Span) => [fromUs, toUs];

  return {
    async sales() {
      const rows = await run<{ sale_id: string; closes_at_ms: number; archived: boolean }>(
        client,
        'SELECT sale_id, (extract(epoch FROM closes_at) * 1000)::double precision AS closes_at_ms, ' +
          'archived_at IS NOT NULL AS archived FROM sales ORDER BY sale_id',
      );
      return rows.map((row) => ({
        saleId: row.sale_id,
        closesAtMs: row.closes_at_ms,
        archived: row.archived,
      }));
    },

    async stock(saleId) {
      const rows = await run<StockRow>(client, readSql('audit-stock.sql'), [only(saleId)]);
      return rows.map((row) => ({
        saleId: row.sale_id,
        sku: row.sku,
        stock:
          row.stock_initial === null ? undefined : { initial: row.stock_initial, left: row.stock_left ?? 0 },
        confirmedPieces: row.confirmed_pieces,
        failedPieces: row.failed_pieces,
        confirmedOrders: row.confirmed_orders,
        rejectedOrders: row.rejected_orders,
        failedOrders: row.failed_orders,
        restocked: row.restocked,
      }));
    },

    async limits(saleId, limit) {
      const [row] = await run<{ customers: number; over: number; first: OverLimit[] }>(
        client,
        readSql('audit-limits.sql'),
        [only(saleId), limit],
      );
      return row!;
    },

    async hasPrimaryKey() {
      const [row] = await run<{ there: boolean }>(client, readSql('audit-primary-key.sql'));
      return row!.there;
    },

    async duplicates(saleId, limit) {
      const rows = await run<{ sale_id: string; transaction_id: string; rows: number }>(
        client,
        readSql('audit-duplicates.sql'),
        [only(saleId), limit],
      );
      return rows.map((row) => ({
        saleId: row.sale_id,
        transactionId: row.transaction_id,
        rows: row.rows,
      }));
    },

    async *orders(saleId) {
      const text = 'SELECT transaction_id, fingerprint, status, reason FROM orders WHERE sale_id = $1';
      for await (const rows of stream(client, text, [saleId])) yield rows.map(toOrder);
    },

    async settledSpan(saleId) {
      const [row] = await run<{ from_us: number | null; to_us: number | null }>(
        client,
        'SELECT (extract(epoch FROM min(settled_at)) * 1000000)::double precision AS from_us, ' +
          '(extract(epoch FROM max(settled_at)) * 1000000)::double precision AS to_us ' +
          'FROM orders WHERE $1::text IS NULL OR sale_id = $1',
        [only(saleId)],
      );
      return row!.from_us === null ? undefined : { fromUs: row!.from_us, toUs: row!.to_us! };
    },

    async *batches(span) {
      for await (const rows of stream(client, readSql('audit-batches.sql'), spanOf(span))) {
        yield (rows as [number, number][]).map(([atUs, orders]) => ({ atUs, orders }));
      }
    },

    async *tenths(span) {
      for await (const rows of stream(client, readSql('audit-tenths.sql'), spanOf(span))) {
        yield (rows as [number, number, number, number | null][]).map(
          ([tenth, accepted, settled, busyUs]) => ({ tenth, accepted, settled, busyUs: busyUs ?? undefined }),
        );
      }
    },

    async capChanges() {
      const rows = await run<{ from_us: number; orders_per_second: number; paused: boolean }>(
        client,
        'SELECT (extract(epoch FROM changed_at) * 1000000)::double precision AS from_us, orders_per_second, paused ' +
          'FROM cap_changes ORDER BY changed_at',
      );
      return rows.map((row) => ({
        fromUs: row.from_us,
        ordersPerSecond: row.orders_per_second,
        paused: row.paused,
      }));
    },
  };
}

function toOrder(row: unknown[]): AuditOrder {
  const [transactionId, fingerprint, status, reason] = row as [
    string,
    string,
    SettledStatus,
    SettleReason | null,
  ];
  return { transactionId, fingerprint, status, reason: reason ?? undefined };
}
