import type { Claims, ClaimsRecovery, SaleClaims } from '../order/ports/claims.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import { createAcceptBuffer } from './accept-buffer.ts';
import { createCatalog } from './catalog.ts';
import { createClaimBatch } from './claim-batch.ts';
import { createClusterView } from './cluster-view.ts';
import { type ConnectionOptions, createConnection } from './connection.ts';
import { createHoldFailed } from './hold-failed.ts';
import { saleKeys } from './keys.ts';
import { createOldestClaims } from './oldest-claims.ts';
import { createReadClaims } from './read-claims.ts';
import { createRecovery } from './recovery.ts';
import { createSales } from './sales.ts';
import { createSettleClaims } from './settle-claims.ts';

export interface ClaimsOptions extends ConnectionOptions {
  /** How long a broker's confirm waits for a claim to travel with, about 5 ms. */
  readonly acceptFlushMs: number;
}

export type ClaimStage = Claims & SaleClaims & ClaimsRecovery & Lifecycle;

/**
 * The claim stage: one connection to one Redis server.
 *
 * `start` resolves when Redis is connected and it is known whether it is vetted, and keeps trying until then; it
 * rejects with `claims-unavailable` when `stop` comes first. `stop` sends the confirms that wait, and closes.
 * What {@link Claims} holds refuses with `claims-unavailable` until the server is vetted and in the pause after
 * a timeout; everything else needs a connection only.
 */
export function createClaims(options: ClaimsOptions): ClaimStage {
  const { acceptFlushMs, clock, logger } = options;
  const connection = createConnection(options);
  const accepts = createAcceptBuffer({
    flushAfterMs: acceptFlushMs,
    clock,
    send: (saleId, ids) => connection.send((redis) => redis.srem(saleKeys(saleId).unconfirmed, ...ids)),
    onDropped: (count, err) => logger.warn({ count, err }, 'confirms were not noted in the claims'),
  });
  const catalog = createCatalog(connection);
  let stopping: Promise<void> | undefined;

  async function stop(deadlineMs: number): Promise<void> {
    const deadline = clock.monotonicMs() + deadlineMs;
    accepts.stop();
    const over = new AbortController();
    await Promise.race([accepts.flush(), clock.sleep(deadlineMs, over.signal)]);
    over.abort();
    await connection.stop(Math.max(0, deadline - clock.monotonicMs()));
  }

  return {
    ...createSales(connection, catalog),
    ...createClusterView(connection),
    ...createOldestClaims(connection, 'taken-off'),
    ...createRecovery(connection, catalog),
    claim: createClaimBatch(connection, accepts),
    accept: accepts.add,
    read: createReadClaims(connection),
    settle: createSettleClaims(connection),
    holdFailed: createHoldFailed(connection),
    available: connection.available,
    start: connection.start,
    stop(deadlineMs) {
      stopping ??= stop(deadlineMs);
      return stopping;
    },
  };
}
