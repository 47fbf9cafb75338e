import { orderError } from '../order/errors.ts';
import type { FollowerLedger } from '../order/ports/events.ts';
import type { Ledger, LedgerOperations, LedgerReader, LedgerRedrive } from '../order/ports/ledger.ts';
import type { RankingOperations, RankingReader } from '../order/ports/ranking.ts';
import type { Trail } from '../order/ports/trail.ts';
import { createBackOff } from '../platform/back-off.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import { createAdvisoryLocks } from './advisory-lock.ts';
import { createCap } from './cap.ts';
import { createFollowerLedger } from './follower-ledger.ts';
import { createPool, type PoolOptions } from './pool.ts';
import { createRanking } from './ranking.ts';
import { createReader } from './reader.ts';
import { recordFailed } from './record-failed.ts';
import { createRedrive } from './redrive.ts';
import { createSales } from './sales.ts';
import { settleBatch } from './settle-batch.ts';
import { createTrail } from './trail.ts';

export { migrate } from './migrate.ts';

export interface LedgerOptions extends PoolOptions {
  /** `BATCH_MAX_ORDERS`: no batch is larger, whatever the cap. */
  readonly batchMaxOrders: number;
  readonly clock?: Clock;
}

export type LedgerStage = Ledger &
  LedgerReader &
  LedgerOperations &
  LedgerRedrive &
  FollowerLedger &
  Trail &
  RankingReader &
  RankingOperations &
  Lifecycle;

/**
 * The ledger on Postgres. Usable at once; `start` resolves when the database answers and has its schema, trying
 * again for as long as it takes (or rejects once `stop` is called). Every call that fails throws an OrderError
 * and leaves its connection discarded or clean, so the next one finds a working pool as soon as there is one.
 *
 * An order whose transaction ID is in the ledger with another fingerprint changes nothing: the row that stands is
 * the transaction, and its settlement is what both get.
 */
export function createLedger(options: LedgerOptions): LedgerStage {
  const { batchMaxOrders, logger, clock = systemClock } = options;
  const pool = createPool(options);
  const locks = createAdvisoryLocks(options);
  const cap = createCap(pool, batchMaxOrders);
  const stopping = new AbortController();

  return {
    ...createReader(pool),
    ...createSales(pool),
    ...createFollowerLedger(pool),
    ...createRanking(pool),
    ...createRedrive({ pool, clock, batchMaxOrders }),
    ...createTrail(pool),
    ...cap,
    exclusively: locks.exclusively,

    settleBatch: (orders) => settleBatch(pool, orders, batchMaxOrders),
    recordFailed: (order, reason) => recordFailed({ pool, clock, batchMaxOrders }, order, reason),

    async start() {
      const backOff = createBackOff({ firstMs: 100, maxMs: 3_000 });
      while (!stopping.signal.aborted) {
        try {
          await cap.readCap();
          return;
        } catch (error) {
          logger.warn({ err: error }, 'the ledger is not there yet');
          await clock.sleep(backOff.nextMs(), stopping.signal);
        }
      }
      throw orderError('ledger-unavailable', 'stopped before the ledger was there');
    },

    async stop(deadlineMs) {
      stopping.abort();
      await Promise.all([locks.close(deadlineMs), pool.close(deadlineMs)]);
    },
  };
}
