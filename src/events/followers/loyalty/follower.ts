import { readFileSync } from 'node:fs';
import { EffectError, type Follower } from '../../follower.ts';

/**
 * Keeps the points ledger: an entry per confirmed order, with the points that its pieces are worth at the price in
 * the ledger.
 */
export function createLoyalty({ minorPerPoint }: { minorPerPoint: number }): Follower {
  const enterPoints = readFileSync(new URL('enter-points.sql', import.meta.url), 'utf8');
  return {
    name: 'loyalty',
    bindings: ['orders.confirmed'],
    ordersAtOnce: 500,
    effect: {
      within: 'ledger',
      async apply(events, sql) {
        const column = <T>(of: (data: (typeof events)[number]['data']) => T) =>
          events.map(({ data }) => of(data));
        const unpriced = await sql(enterPoints, [
          column(({ saleId }) => saleId),
          column(({ transactionId }) => transactionId),
          column(({ customerId }) => customerId),
          column(({ sku }) => sku),
          column(({ quantity }) => quantity),
          column(({ settledAt }) => settledAt),
          minorPerPoint,
        ]);
        if (unpriced.length > 0) {
          throw new EffectError('effect-refused', 'the ledger has no price for its SKU');
        }
      },
    },
  };
}
