import type { PendingClaim, SaleClaims } from '../order/ports/claims.ts';
import { parseClaim } from './claim-value.ts';
import type { Connection } from './connection.ts';
import { saleKeys } from './keys.ts';

const claimsPerCall = 1_000;

/** The oldest claims that wait: for the broker's confirm, or for the ledger. */
export function createOldestClaims(connection: Connection): Pick<SaleClaims, 'pending' | 'unconfirmed'> {
  async function oldest(
    script: 'oldest-in-line' | 'oldest-unconfirmed',
    keys: readonly string[],
    { saleId, beforeMs, limit }: { saleId: string; beforeMs: number; limit: number },
  ): Promise<PendingClaim[]> {
    const atMost = Math.min(limit, claimsPerCall);
    if (atMost < 1) return [];
    const reply = (await connection.run(script, keys, [beforeMs, atMost])) as string[];
    const found: PendingClaim[] = [];
    for (let i = 0; i < reply.length; i += 2) {
      const { order, status } = parseClaim(saleId, reply[i]!, reply[i + 1]!, 0);
      found.push({ order, accepted: status === 'accepted' });
    }
    return found;
  }

  return {
    pending(saleId, beforeMs, limit) {
      const { line, claims, unconfirmed } = saleKeys(saleId);
      return oldest('oldest-in-line', [line, claims, unconfirmed], { saleId, beforeMs, limit });
    },
    unconfirmed(saleId, beforeMs, limit) {
      const { unconfirmed, claims } = saleKeys(saleId);
      return oldest('oldest-unconfirmed', [unconfirmed, claims], { saleId, beforeMs, limit });
    },
  };
}
