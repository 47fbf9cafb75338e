import { fingerprint, orderLimits } from '../order/order.ts';
import type { Claims, HoldOutcome, SettledClaim } from '../order/ports/claims.ts';
import { formatSettledClaim } from './claim-value.ts';
import type { Connection } from './connection.ts';
import { saleKeys } from './keys.ts';

const outcomes = new Map<number, HoldOutcome>([
  [1, 'held'],
  [2, 'held-before'],
  [0, 'sale-unavailable'],
  [-1, 'another-order'],
  [-2, 'customer-limit'],
  [-3, 'sold-out'],
]);

const patterns = {
  saleId: new RegExp(orderLimits.saleIdPattern),
  transactionId: new RegExp(orderLimits.transactionIdPattern),
  sku: new RegExp(orderLimits.skuPattern),
  customerId: new RegExp(orderLimits.customerIdPattern),
};

/** Gives failed orders the claim that they lack. */
export function createHoldFailed(connection: Connection): Claims['holdFailed'] {
  return async (failed) => {
    if (!isStorable(failed)) return 'not-an-order';
    const { saleId, transactionId, sku, customerId } = failed.order;
    const { sale, stock, limits, claims, customers, held } = saleKeys(saleId);
    const reply = await connection.hot(
      'hold-failed',
      [sale, stock, limits, claims, customers, held],
      [
        transactionId,
        formatSettledClaim(failed.order, failed),
        fingerprint(failed.order),
        sku,
        `${sku} ${customerId}`,
        heldPieces(failed),
      ],
    );
    return outcomes.get(Number(reply))!;
  };
}

/** The pieces that a settled order's claim holds: a failed one keeps its own until it is redriven or purged. */
export function heldPieces({ order, status, reason }: SettledClaim): number {
  const { quantityMin, quantityMax } = orderLimits;
  const isQuantity = order.quantity >= quantityMin && order.quantity <= quantityMax;
  return status === 'failed' && reason !== 'purged' && isQuantity ? order.quantity : 0;
}

/** A message can say anything; a claim is text in a fixed form. */
function isStorable({ order }: SettledClaim): boolean {
  const { saleId, transactionId, sku, customerId, quantity, sequence, claimedAtMs } = order;
  return (
    patterns.saleId.test(saleId) &&
    patterns.transactionId.test(transactionId) &&
    patterns.sku.test(sku) &&
    patterns.customerId.test(customerId) &&
    [quantity, sequence, claimedAtMs].every(Number.isSafeInteger) &&
    sequence >= 0 &&
    claimedAtMs >= 0 &&
    !Number.isNaN(new Date(claimedAtMs).getTime())
  );
}
