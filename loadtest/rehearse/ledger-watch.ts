import { readFile } from 'node:fs/promises';
import pg from 'pg';

/** A look at the ledger that does not go through the product. */
export interface LedgerWatch {
  /** How many of these orders have rows; 0 where the database does not answer. */
  readonly countRows: (saleId: string, transactionIds: readonly string[]) => Promise<number>;
  /** Where the ranking and the ledger disagree; `undefined` where the database does not answer. */
  readonly followerDrift: (saleId: string) => Promise<FollowerDrift | undefined>;
  readonly close: () => Promise<void>;
}

export interface FollowerDrift {
  /** A sentence for each SKU. */
  readonly found: readonly string[];
  /** The ranking counts more than the ledger: no waiting mends that. */
  readonly ahead: boolean;
}

interface Drift {
  readonly sku: string;
  readonly ledgerOrders: number;
  readonly ledgerPieces: number;
  readonly rankingOrders: number;
  readonly rankingPieces: number;
}

const settledOrders = new URL('settled-orders.sql', import.meta.url);
const followerDrift = new URL('follower-drift.sql', import.meta.url);
const connectMs = 1_000;
const statementMs = 2_000;

/** Connects when it is asked, and anew after every error. */
export function watchLedger(databaseUrl: string): LedgerWatch {
  let client: pg.Client | undefined;

  async function connected(): Promise<pg.Client> {
    if (client) return client;
    const next = new pg.Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: connectMs,
      statement_timeout: statementMs,
      // A frozen server keeps no deadline of its own; this client is thrown away when it is late.
      query_timeout: statementMs,
      application_name: 'sluice rehearse',
    });
    next.on('error', () => {
      if (client === next) client = undefined;
    });
    await next.connect();
    client = next;
    return next;
  }

  /** The rows of a statement in a file; `undefined` where the database does not answer. */
  async function rowsOf<Row extends object>(
    file: URL,
    parameters: readonly unknown[],
  ): Promise<readonly Row[] | undefined> {
    try {
      const sql = await readFile(file, 'utf8');
      return (await (await connected()).query<Row>(sql, [...parameters])).rows;
    } catch {
      const broken = client;
      client = undefined;
      void broken?.end().catch(() => undefined);
      return undefined;
    }
  }

  return {
    async countRows(saleId, transactionIds) {
      const rows = await rowsOf<{ orders: number }>(settledOrders, [saleId, transactionIds]);
      return rows?.[0]?.orders ?? 0;
    },
    async followerDrift(saleId) {
      const rows = await rowsOf<Drift>(followerDrift, [saleId]);
      return (
        rows && {
          found: rows.map(
            ({ sku, ledgerOrders, ledgerPieces, rankingOrders, rankingPieces }) =>
              `the follower ranking has ${rankingOrders} orders and ${rankingPieces} pieces of ${sku}, the ledger ${ledgerOrders} and ${ledgerPieces}`,
          ),
          ahead: rows.some(
            ({ ledgerOrders, ledgerPieces, rankingOrders, rankingPieces }) =>
              rankingOrders > ledgerOrders || rankingPieces > ledgerPieces,
          ),
        }
      );
    },
    async close() {
      const open = client;
      client = undefined;
      await open?.end().catch(() => undefined);
    },
  };
}
