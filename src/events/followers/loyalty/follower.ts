import { readFileSync } from 'node:fs';
import { eventId } from '../../../order/events.ts';
import { EffectError, type Follower } from '../../follower.ts';

/**
 * Keeps the points ledger: an entry per confirmed order, with the points that its pieces are worth at the price in
 * the ledger.
 */
export function createLoyalty({ minorPerPoint }: { minorPerPoint: number }): Follower {
  const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');
  const enterPoints = read('enter-points.sql');
  const findEntered = read('find-entered.sql');
  return {
    name: 'loyalty',
    bindings: ['orders.confirmed'],
    ordersAtOnce: 500,
    effect: {
      within: 'ledger',
      idempotent: true,
      async apply(events, sql) {
        const column = <T>(of: (data: (typeof events)[number]['data']) => T) =>
          events.map(({ data }) => of(data));
        const [told] = await sql<{ entered: number; unpriced: number }>(enterPoints, [
          column(({ saleId }) => saleId),
          column(({ transactionId }) => transactionId),
          column(({ customerId }) => customerId),
          column(({ sku }) => sku),
          column(({ quantity }) => quantity),
          column(({ settledAt }) => settledAt),
          minorPerPoint,
        ]);
        if (told!.unpriced > 0)
          throw new EffectError('effect-refused', 'the ledger has no price for its SKU');
        return told!.entered;
      },
      async missing(events, sql) {
        const rows = await sql<{ sale_id: string; transaction_id: string }>(findEntered, [
          events.map(({ data }) => data.saleId),
          events.map(({ data }) => data.transactionId),
        ]);
        const entered = new Set(rows.map((row) => eventId(row.sale_id, row.transaction_id, 'confirmed')));
        return events.filter(({ id }) => !entered.has(id));
      },
    },
  };
}
