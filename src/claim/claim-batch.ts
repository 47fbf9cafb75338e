import { isOrderError } from '../order/errors.ts';
import { fingerprint, type Order } from '../order/order.ts';
import type { ClaimOutcome, Claims } from '../order/ports/claims.ts';
import type { AcceptBuffer } from './accept-buffer.ts';
import { parseClaim, positionOf } from './claim-value.ts';
import type { Connection } from './connection.ts';
import { saleKeys } from './keys.ts';

/** Lua can pass about 7,900 values to one command, and a claim takes two. */
const ordersPerCall = 1_000;

const losses: Readonly<Record<number, ClaimOutcome['outcome']>> = {
  [-1]: 'transaction-id-reused',
  [-2]: 'sale-unavailable',
  [-3]: 'sale-not-open',
  [-4]: 'sale-closed',
  [-5]: 'unknown-sku',
  [-6]: 'customer-limit',
  [-7]: 'sold-out',
};

/** Claims for a batch in one script call, which takes along the confirms that wait in `accepts`. */
export function createClaimBatch(connection: Connection, accepts: AcceptBuffer): Claims['claim'] {
  return async (saleId, epoch, orders) => {
    if (orders.length === 0) return [];
    if (orders.length > ordersPerCall) throw new RangeError(`a batch has at most ${ordersPerCall} orders`);
    const confirmed = connection.available() ? accepts.take(saleId) : [];
    const keys = saleKeys(saleId);
    const prints = orders.map(fingerprint);
    let reply: unknown[];
    try {
      reply = (await connection.hot(
        'claim',
        [
          keys.sale,
          keys.stock,
          keys.limits,
          keys.claims,
          keys.customers,
          keys.held,
          keys.line,
          keys.unconfirmed,
        ],
        argumentsOf(epoch, confirmed, orders, prints),
      )) as unknown[];
    } catch (error) {
      // Where the script did not run, the confirms it carried are still to be noted.
      if (confirmed.length > 0 && isOrderError(error, 'claims-unavailable')) accepts.add(saleId, confirmed);
      throw error;
    }
    return outcomesOf(saleId, orders, reply);
  };
}

function argumentsOf(
  epoch: number,
  confirmed: readonly string[],
  orders: readonly Order[],
  prints: readonly string[],
): (string | number)[] {
  const args: (string | number)[] = [epoch, confirmed.length, orders.length, ...confirmed];
  for (const order of orders) args.push(order.transactionId);
  for (const order of orders) args.push(order.sku);
  for (const order of orders) args.push(order.quantity);
  for (const print of prints) args.push(print);
  return args;
}

function outcomesOf(saleId: string, orders: readonly Order[], reply: unknown[]): ClaimOutcome[] {
  if (reply.length === 0) return orders.map(() => ({ outcome: 'sale-unavailable' }));
  const [claimedAtMs, settled, opensAtMs] = reply as [number, number, number];
  return orders.map((order, i): ClaimOutcome => {
    const answer = reply[i + 3];
    if (typeof answer === 'string') {
      return { outcome: 'replayed', view: parseClaim(saleId, order.transactionId, answer, settled) };
    }
    const code = answer as number;
    if (code > 0) {
      const { transactionId, sku, quantity, customerId } = order;
      return {
        outcome: 'claimed',
        order: { saleId, transactionId, sku, quantity, customerId, sequence: code, claimedAtMs },
        position: positionOf(code, settled),
      };
    }
    if (code === -3) return { outcome: 'sale-not-open', opensInMs: Math.max(0, opensAtMs - claimedAtMs) };
    return { outcome: losses[code] } as ClaimOutcome;
  });
}
