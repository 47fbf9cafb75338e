import { fingerprint } from '../order/order.ts';
import type { AuditClaim, ClaimsAudit } from '../order/ports/audit.ts';
import { createCatalog, saleIdsIn } from './catalog.ts';
import { chunks } from './chunks.ts';
import { parseClaim } from './claim-value.ts';
import { type ConnectionOptions, createConnection } from './connection.ts';
import { clusterKeys, saleKeys } from './keys.ts';
import { createOldestClaims } from './oldest-claims.ts';
import { createSales } from './sales.ts';

const claimsPerCall = 2_000;
const closeDeadlineMs = 1_000;

/**
 * What an audit reads, on a connection of its own; writes nothing.
 *
 * @throws OrderError `claims-unavailable` where Redis is not connected once `signal` is aborted
 */
export async function openClaimsAudit(options: ConnectionOptions, signal: AbortSignal): Promise<ClaimsAudit> {
  const connection = createConnection(options);
  const sales = createSales(connection, createCatalog(connection));
  const { pending: oldest } = createOldestClaims(connection, 'left');
  const close = () => connection.stop(closeDeadlineMs);
  const giveUp = () => void close();
  signal.addEventListener('abort', giveUp);
  await connection.start().finally(() => signal.removeEventListener('abort', giveUp));

  async function nowMs(): Promise<number> {
    const [seconds, microseconds] = await connection.send((redis) => redis.time());
    return Number(seconds) * 1_000 + Math.trunc(Number(microseconds) / 1_000);
  }

  /** How many claims in line have not settled, and how many of those were claimed since then. */
  async function inLine(saleId: string, youngFromMs: number) {
    const { line, claims } = saleKeys(saleId);
    let pending = 0;
    let youngPending = 0;
    for (let from = 0; ; from += claimsPerCall) {
      const ids = await connection.send((redis) => redis.lrange(line, from, from + claimsPerCall - 1));
      if (ids.length === 0) return { pending, youngPending };
      const values = await connection.send((redis) => redis.hmget(claims, ...ids));
      for (const [i, value] of values.entries()) {
        const claim = value === null ? undefined : toClaim(saleId, ids[i]!, value);
        if (!claim || claim.status !== undefined) continue;
        pending += 1;
        if (claim.claimedAtMs >= youngFromMs) youngPending += 1;
      }
    }
  }

  return {
    async saleIds() {
      return saleIdsIn(await connection.send((redis) => redis.hkeys(clusterKeys.catalog)));
    },

    async look(saleId, youngMs) {
      const keys = saleKeys(saleId);
      const counters = await sales.counters(saleId);
      if (!counters) return undefined;
      const youngFromMs = (await nowMs()) - youngMs;
      const [state, claims, { pending, youngPending }] = await connection.send((redis) =>
        Promise.all([redis.hget(keys.sale, 'state'), redis.hlen(keys.claims), inLine(saleId, youngFromMs)]),
      );
      return {
        state: state === 'open' ? 'open' : 'rebuilding',
        ...counters,
        claims,
        pending,
        youngPending,
      };
    },

    async find(saleId, transactionIds) {
      const { claims } = saleKeys(saleId);
      const found: (AuditClaim | undefined)[] = [];
      for (const chunk of chunks(transactionIds, claimsPerCall)) {
        const values = await connection.send((redis) => redis.hmget(claims, ...chunk));
        for (const [i, value] of values.entries()) {
          found.push(value === null ? undefined : toClaim(saleId, chunk[i]!, value));
        }
      }
      return found;
    },

    async *all(saleId) {
      const { claims } = saleKeys(saleId);
      let cursor = '0';
      do {
        const [next, flat] = await connection.send((redis) =>
          redis.hscan(claims, cursor, 'COUNT', claimsPerCall),
        );
        const page: AuditClaim[] = [];
        for (let i = 0; i < flat.length; i += 2) page.push(toClaim(saleId, flat[i]!, flat[i + 1]!));
        yield page;
        cursor = next;
      } while (cursor !== '0');
    },

    async oldestPending(saleId, limit) {
      const found = await oldest(saleId, Number.MAX_SAFE_INTEGER, limit);
      return found.map(({ order }) => ({
        transactionId: order.transactionId,
        fingerprint: fingerprint(order),
        sequence: order.sequence,
        claimedAtMs: order.claimedAtMs,
        status: undefined,
        reason: undefined,
      }));
    },

    close,
  };
}

function toClaim(saleId: string, transactionId: string, value: string): AuditClaim {
  const { order, status, reason } = parseClaim(saleId, transactionId, `a${value}`, 0);
  return {
    transactionId,
    fingerprint: fingerprint(order),
    sequence: order.sequence,
    claimedAtMs: order.claimedAtMs,
    status: status === 'pending' || status === 'accepted' ? undefined : status,
    reason,
  };
}
