import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { LOAD_SKU } from '../settings.ts';

/** The orders of one sale, read from Postgres by the load test itself, not by the product. */
export interface LedgerCounts {
  /** Rows, whatever their status. */
  readonly orders: number;
  readonly confirmedOrders: number;
  /** Pieces of the SKU under load in confirmed orders. */
  readonly confirmedPieces: number;
  /** Orders settled in each second of the run, from second 0. */
  readonly settledPerSecond: readonly number[];
}

interface Row {
  readonly sku: string;
  readonly status: string;
  readonly second: number | null;
  readonly orders: number;
  readonly pieces: number;
}

const SQL = new URL('ledger-counts.sql', import.meta.url);

/** @throws pg's error if the database does not answer. */
export async function countLedger(
  databaseUrl: string,
  saleId: string,
  startedAt: string,
): Promise<LedgerCounts> {
  const client = new pg.Client({ connectionString: databaseUrl, statement_timeout: 60_000 });
  await client.connect();
  try {
    const sql = await readFile(SQL, 'utf8');
    const { rows } = await client.query<Row>(sql, [saleId, Date.parse(startedAt) / 1_000]);
    return summarise(rows);
  } finally {
    await client.end();
  }
}

function summarise(rows: readonly Row[]): LedgerCounts {
  const sum = (chosen: readonly Row[], field: 'orders' | 'pieces') =>
    chosen.reduce((total, row) => total + row[field], 0);
  const confirmed = rows.filter(({ status }) => status === 'confirmed');
  const seconds = rows.reduce((max, { second }) => Math.max(max, (second ?? -1) + 1), 0);
  const settledPerSecond = Array.from({ length: seconds }, () => 0);
  for (const { second, orders } of rows) {
    if (second !== null && second >= 0) settledPerSecond[second]! += orders;
  }
  return {
    orders: sum(rows, 'orders'),
    confirmedOrders: sum(confirmed, 'orders'),
    confirmedPieces: sum(
      confirmed.filter(({ sku }) => sku === LOAD_SKU),
      'pieces',
    ),
    settledPerSecond,
  };
}
