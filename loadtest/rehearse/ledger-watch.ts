import { readFile } from 'node:fs/promises';
import pg from 'pg';

/** A look at the ledger that does not go through the product. */
export interface LedgerWatch {
  /** How many of these orders have rows; 0 where the database does not answer. */
  readonly countRows: (saleId: string, transactionIds: readonly string[]) => Promise<number>;
  readonly close: () => Promise<void>;
}

const SQL = new URL('settled-orders.sql', import.meta.url);
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

  return {
    async countRows(saleId, transactionIds) {
      try {
        const sql = await readFile(SQL, 'utf8');
        const { rows } = await (await connected()).query<{ orders: number }>(sql, [saleId, transactionIds]);
        return rows[0]?.orders ?? 0;
      } catch {
        const broken = client;
        client = undefined;
        void broken?.end().catch(() => undefined);
        return 0;
      }
    },
    async close() {
      const open = client;
      client = undefined;
      await open?.end().catch(() => undefined);
    },
  };
}
