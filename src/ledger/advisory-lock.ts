import pg from 'pg';
import { ledgerError } from './errors.ts';
import { type ConnectionOptions, connectionConfig } from './pool.ts';

/** How often the holder asks whether its connection still stands. */
const heartbeatMs = 3_000;

export interface AdvisoryLocks {
  /** See `LedgerOperations.exclusively`. */
  exclusively<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>;
  /** Aborts the signals of all work under way and waits for it, at most `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
}

/**
 * Cluster-wide locks, each held by a session of its own, so that holding one takes nothing from the pool. When the
 * session is lost the server frees the lock, and the signal tells the work that it has it no longer.
 */
export function createAdvisoryLocks(options: ConnectionOptions): AdvisoryLocks {
  const underWay = new Map<Promise<unknown>, AbortController>();

  async function run<T>(
    name: string,
    work: (signal: AbortSignal) => Promise<T>,
    abort: AbortController,
  ): Promise<T | undefined> {
    const client = new pg.Client({
      ...connectionConfig(options),
      application_name: `${options.applicationName} lock`,
    });
    const lost = (cause?: unknown) =>
      abort.abort(ledgerError(cause ?? new Error('the connection was lost'), 'ledger-unavailable'));
    client.on('error', lost);
    client.on('end', () => lost());
    let heartbeat: NodeJS.Timeout | undefined;
    try {
      if (!(await tryLock(client, name))) return undefined;
      heartbeat = setInterval(() => watch(client, options.statementTimeoutMs, lost), heartbeatMs);
      return await work(abort.signal);
    } finally {
      clearInterval(heartbeat);
      await client.end().catch(() => undefined);
    }
  }

  return {
    exclusively(name, work) {
      const abort = new AbortController();
      const running = run(name, work, abort);
      underWay.set(running, abort);
      const forget = () => underWay.delete(running);
      running.then(forget, forget);
      return running;
    },

    async close(deadlineMs) {
      for (const abort of underWay.values()) {
        abort.abort(ledgerError(new Error('the ledger is stopping'), 'ledger-unavailable'));
      }
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise((resolve) => {
        timer = setTimeout(resolve, deadlineMs);
      });
      await Promise.race([Promise.allSettled(underWay.keys()), deadline]);
      clearTimeout(timer);
    },
  };
}

async function tryLock(client: pg.Client, name: string): Promise<boolean> {
  try {
    await client.connect();
    const { rows } = await client.query<{ held: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS held',
      [`sluice lock ${name}`],
    );
    return rows[0]!.held;
  } catch (error) {
    throw ledgerError(error, 'ledger-unavailable');
  }
}

/** A server or network that fell silent breaks nothing by itself: no answer in time counts as lost. */
function watch(client: pg.Client, timeoutMs: number, lost: (cause?: unknown) => void): void {
  const timer = setTimeout(() => void client.end().catch(() => undefined), timeoutMs);
  client.query('SELECT 1').then(
    () => clearTimeout(timer),
    (error) => {
      clearTimeout(timer);
      lost(error);
    },
  );
}
