import { isOrderError } from '../order/errors.ts';
import type { Claims, SettledClaim } from '../order/ports/claims.ts';
import type { Settlement } from '../order/states.ts';
import type { Logger } from '../platform/logger.ts';
import type { DrainMetrics } from '../platform/metrics.ts';

/**
 * Tells the claims what the ledger has decided, a call per sale; a failed order without a claim gets one, so that
 * its shopper learns of it. Where Redis is away it gives up at once: the
 * ledger holds the truth, and the reconciler settles those claims when Redis is back.
 */
export function createClaimSettler(deps: {
  claims: Pick<Claims, 'settle' | 'holdFailed'>;
  metrics: Pick<DrainMetrics, 'settleFailures'>;
  logger: Logger;
}) {
  return async function settleClaims(
    settlements: readonly Settlement[],
    failed: readonly SettledClaim[],
  ): Promise<void> {
    await Promise.all(
      [...groupBySale(settlements)].map(async ([saleId, ofSale]) => {
        try {
          const { unknown } = await deps.claims.settle(saleId, ofSale);
          if (unknown > 0) {
            for (const one of failed) if (one.order.saleId === saleId) await deps.claims.holdFailed(one);
          }
        } catch (error) {
          if (!isOrderError(error) || error.disposition !== 'retry') throw error;
          deps.metrics.settleFailures.inc(ofSale.length);
          deps.logger.warn(
            { err: error, saleId, orders: ofSale.length },
            'claims cannot be settled now; the reconciler will do it',
          );
        }
      }),
    );
  };
}

function groupBySale(settlements: readonly Settlement[]): Map<string, Settlement[]> {
  const groups = new Map<string, Settlement[]>();
  for (const settlement of settlements) {
    const group = groups.get(settlement.order.saleId);
    if (group) group.push(settlement);
    else groups.set(settlement.order.saleId, [settlement]);
  }
  return groups;
}
