import type { Claims } from '../order/ports/claims.ts';
import { chunks } from './chunks.ts';
import { formatSettled } from './claim-value.ts';
import type { Connection } from './connection.ts';
import { saleKeys } from './keys.ts';

const settlementsPerCall = 1_000;

/** Settles claims of one sale; each call of up to 1,000 is atomic, and all of it is repeatable. */
export function createSettleClaims(connection: Connection): Claims['settle'] {
  return async (saleId, settlements) => {
    const keys = saleKeys(saleId);
    const settleKeys = [
      ...[keys.sale, keys.claims, keys.held, keys.line, keys.unconfirmed],
      ...[keys.stock, keys.limits, keys.customers],
    ];
    const total = { moved: 0, unknown: 0 };
    for (const chunk of chunks(settlements, settlementsPerCall)) {
      const args = chunk.flatMap((settlement) => [settlement.order.transactionId, formatSettled(settlement)]);
      const reply = await connection.hot('settle', settleKeys, args);
      const [moved, unknown] = reply as [number, number];
      total.moved += moved;
      total.unknown += unknown;
    }
    return total;
  };
}
