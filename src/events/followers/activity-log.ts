import { readFileSync } from 'node:fs';
import type { Follower } from '../follower.ts';

/** Keeps a line for every settled order: who did what, when. */
export function createActivityLog(): Follower {
  const addLines = readFileSync(new URL('activity-log.sql', import.meta.url), 'utf8');
  return {
    name: 'activity-log',
    bindings: ['orders.*'],
    ordersAtOnce: 200,
    effect: {
      within: 'ledger',
      async apply(events, sql) {
        await sql(addLines, [
          events.map(({ time }) => time),
          events.map(({ data }) => data.saleId),
          events.map(({ data }) => data.customerId),
          events.map(({ data }) => `${data.status} ${data.transactionId}: ${data.quantity} of ${data.sku}`),
        ]);
      },
    },
  };
}
