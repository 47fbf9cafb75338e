import type { Claims, OrderView } from '../order/ports/claims.ts';
import { chunks } from './chunks.ts';
import { parseClaim } from './claim-value.ts';
import type { Connection } from './connection.ts';
import { saleKeys } from './keys.ts';

const readsPerCall = 1_000;

/** Views of claims, each call of up to 1,000 as they are at one moment. */
export function createReadClaims(connection: Connection): Claims['read'] {
  return async (saleId, transactionIds) => {
    const keys = saleKeys(saleId);
    const views: (OrderView | undefined | null)[] = [];
    for (const ids of chunks(transactionIds, readsPerCall)) {
      const reply = await connection.hot('read', [keys.sale, keys.claims, keys.unconfirmed], ids);
      const [settled, ...claims] = reply as [number, ...(string | null)[]];
      for (const [i, id] of ids.entries()) {
        const claim = claims[i];
        if (claim) views.push(parseClaim(saleId, id, claim, Math.max(0, settled)));
        else views.push(settled < 0 ? null : undefined);
      }
    }
    return views;
  };
}
