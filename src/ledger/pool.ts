import pg from 'pg';
import type { OrderErrorCode } from '../order/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { ledgerError, sessionSurvives } from './errors.ts';

export interface ConnectionOptions {
  readonly databaseUrl: string;
  /** Longest run of one statement, milliseconds; the server enforces it. */
  readonly statementTimeoutMs: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
}

export interface PoolOptions extends ConnectionOptions {
  /** Connections at most. */
  readonly poolSize: number;
  readonly logger: Logger;
}

interface Statement {
  /** Set: prepared once per connection under this name. */
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** Runs one statement; what it resolves with is trusted to be rows of that type. */
export type Query = <Row>(statement: Statement) => Promise<Row[]>;

export interface Pool {
  /**
   * Runs one autocommitted statement.
   *
   * @param dataFaultCode what to throw where the statement's values are at fault
   * @throws OrderError `ledger-unavailable`, or `dataFaultCode`
   */
  query<Row>(statement: Statement, dataFaultCode?: OrderErrorCode): Promise<Row[]>;
  /** Runs `work` in one transaction; errors as for `query`, and what `work` throws is passed on. */
  transaction<T>(work: (query: Query) => Promise<T>, dataFaultCode?: OrderErrorCode): Promise<T>;
  /** Waits for statements under way, at most `deadlineMs`, then cuts what is left. Idempotent. */
  close(deadlineMs: number): Promise<void>;
}

/** What a session is told when it connects: the server itself ends what takes too long. */
export function connectionConfig(options: ConnectionOptions): pg.ClientConfig {
  return {
    connectionString: options.databaseUrl,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.statementTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: [
      `-c statement_timeout=${options.statementTimeoutMs}`,
      // Half, so that a wait for a lock is reported as what it is.
      `-c lock_timeout=${Math.ceil(options.statementTimeoutMs / 2)}`,
      `-c idle_in_transaction_session_timeout=${options.statementTimeoutMs}`,
      // The server notices a client that vanished, and frees its locks.
      '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3',
      '-c default_transaction_isolation=read\\ committed',
    ].join(' '),
  };
}

export function createPool(options: PoolOptions): Pool {
  const { logger } = options;
  const pool = new pg.Pool({ ...connectionConfig(options), max: options.poolSize });
  const open = new Set<pg.PoolClient>();
  let closing: Promise<void> | undefined;

  pool.on('error', (error) => logger.warn({ err: error }, 'an idle ledger connection was lost'));
  pool.on('connect', (client) => {
    open.add(client);
    // While checked out, the query under way rejects too; without a handler the event would end the process.
    client.on('error', () => undefined);
  });
  pool.on('remove', (client) => open.delete(client));

  /**
   * Checks a connection out for `work`. A server that is frozen sends nothing, not even its own timeout: past
   * `deadlineMs` the connection is cut, which rejects the query under way.
   */
  async function withClient<T>(deadlineMs: number, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    let cut = false;
    const timer = setTimeout(() => {
      cut = true;
      void client.end().catch(() => undefined);
    }, deadlineMs);
    try {
      const result = await work(client);
      client.release(cut);
      return result;
    } catch (error) {
      client.release(cut || !sessionSurvives(error));
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  const statementDeadlineMs = options.statementTimeoutMs + 2_000;

  function send<Row>(client: pg.PoolClient, { name, text, values = [] }: Statement): Promise<Row[]> {
    return client
      .query({ ...(name === undefined ? {} : { name }), text, values: [...values] })
      .then((result) => result.rows as Row[]);
  }

  async function inTransaction<T>(client: pg.PoolClient, work: (query: Query) => Promise<T>): Promise<T> {
    await client.query('BEGIN');
    const result = await work((statement) => send(client, statement));
    await client.query('COMMIT');
    return result;
  }

  return {
    async query(statement, dataFaultCode = 'batch-unwritable') {
      try {
        return await withClient(statementDeadlineMs, (client) => send(client, statement));
      } catch (error) {
        throw ledgerError(error, dataFaultCode);
      }
    },

    async transaction(work, dataFaultCode = 'sale-change-refused') {
      try {
        // A transaction that failed ends with its connection: there is nothing to roll back, and few fail.
        return await withClient(2 * statementDeadlineMs, (client) =>
          inTransaction(client, work).catch((error) => {
            throw new TransactionFailed(error);
          }),
        );
      } catch (error) {
        throw ledgerError(error instanceof TransactionFailed ? error.cause : error, dataFaultCode);
      }
    },

    close(deadlineMs) {
      closing ??= (async () => {
        const timer = setTimeout(() => {
          for (const client of open) void client.end().catch(() => undefined);
        }, deadlineMs);
        await pool.end().finally(() => clearTimeout(timer));
      })();
      return closing;
    },
  };
}

/** Not a database error, so the connection is not used again. */
class TransactionFailed extends Error {
  constructor(cause: unknown) {
    super('transaction failed', { cause });
  }
}
