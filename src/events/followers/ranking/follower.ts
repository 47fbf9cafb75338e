import { readFileSync } from 'node:fs';
import { buyersKept } from '../../../order/ports/ranking.ts';
import type { Follower } from '../../follower.ts';

/** Counts the best sellers of each sale and notes its fastest buyers, from confirmed orders. */
export function createRanking(): Follower {
  const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');
  const countPieces = read('count-pieces.sql');
  const noteBuyers = read('note-buyers.sql');
  return {
    name: 'ranking',
    bindings: ['orders.confirmed'],
    ordersAtOnce: 500,
    effect: {
      within: 'ledger',
      async apply(events, sql) {
        const column = <T>(of: (data: (typeof events)[number]['data']) => T) =>
          events.map(({ data }) => of(data));
        const saleIds = column(({ saleId }) => saleId);
        const skus = column(({ sku }) => sku);
        await sql(countPieces, [saleIds, skus, column(({ quantity }) => quantity)]);
        await sql(noteBuyers, [
          saleIds,
          column(({ customerId }) => customerId),
          skus,
          column(({ sequence }) => sequence),
          column(({ acceptedAt }) => acceptedAt),
          buyersKept,
        ]);
      },
    },
  };
}
