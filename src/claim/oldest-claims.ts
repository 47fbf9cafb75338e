import type { PendingClaim, SaleClaims } from '../order/ports/claims.ts';
import { parseClaim } from './claim-value.ts';
import type { Connection } from './connection.ts';
import { saleKeys } from './keys.ts';

const claimsPerCall = 1_000;

/**
 * The oldest claims that wait: for the broker's confirm, or for the ledger.
 *
 * @param head what becomes of settled claims at the head of the line: taken off, so that any number of them hides
 *   nothing from the next call, or left, by those who only read
 */
export function createOldestClaims(
  connection: Connection,
  head: 'taken-off' | 'left',
): Pick<SaleClaims, 'pending' | 'unconfirmed'> {
  async function oldest(
    script: 'oldest-in-line' | 'oldest-unconfirmed',
    keys: readonly string[],
    [beforeMs, limit, ...more]: readonly [beforeMs: number, limit: number, ...more: number[]],
    saleId: string,
  ): Promise<PendingClaim[]> {
    const atMost = Math.min(limit, claimsPerCall);
    if (atMost < 1) return [];
    const reply = (await connection.run(script, keys, [beforeMs, atMost, ...more])) as string[];
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
      const keys = [line, claims, unconfirmed];
      return oldest('oldest-in-line', keys, [beforeMs, limit, head === 'taken-off' ? 1 : 0], saleId);
    },
    unconfirmed(saleId, beforeMs, limit) {
      const { unconfirmed, claims } = saleKeys(saleId);
      return oldest('oldest-unconfirmed', [unconfirmed, claims], [beforeMs, limit], saleId);
    },
  };
}
