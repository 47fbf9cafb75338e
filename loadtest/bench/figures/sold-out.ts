import { randomUUID } from 'node:crypto';
import { LOAD_SKU } from '../../settings.ts';
import type { Arena } from '../arena.ts';
import { auditSale } from '../audit-sale.ts';
import type { Turn } from '../figure.ts';
import { type MeasureOptions, measure } from '../measure.ts';
import { committedOrders, untilCommitted } from '../sale-progress.ts';
import { withSale } from './with-sale.ts';

/**
 * 409s per second once the only piece is sold. Each ID is looked up first: the buyer of that piece, who asks again
 * behind the crowd, gets the order.
 */
export async function soldOutTurn(arena: Arena, options: MeasureOptions): Promise<Omit<Turn, 'round'>> {
  return withSale(arena, 'sold-out', { stock: 1 }, async (saleId) => {
    const origin = await arena.gatewayUrl();
    const winner = { transactionId: randomUUID(), sku: LOAD_SKU, quantity: 1, customerId: 'winner' };
    const ask = () => post(`${origin}/sales/${saleId}/orders`, winner);
    const bought = await ask();
    await untilCommitted(() => committedOrders(arena.ledger, saleId, LOAD_SKU), 1, options.signal);
    const load = await measure(arena, { origin, saleId, sku: LOAD_SKU, status: 409 }, options);
    const again = await untilSettled(ask);
    const counted = await auditSale(arena, saleId, { load: 1, warmup: 0 });
    return {
      contestant: 'soldOut',
      figures: [
        { name: 'soldOut', ordersPerSecond: load.ordersPerSecond, cpuMicrosPerOrder: load.cpuMicrosPerOrder },
      ],
      answers: load.answers,
      audit: {
        passed: bought === 202 && again === 200 && counted.passed,
        found: `${counted.found}; the buyer was answered ${bought}, and ${again} when asking again`,
      },
    };
  });
}

async function post(url: string, order: object): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
  });
  await response.body?.cancel();
  return response.status;
}

// The order is committed; its claim is settled right behind the commit.
async function untilSettled(ask: () => Promise<number>): Promise<number> {
  for (let attempts = 100; attempts > 0; attempts--) {
    const status = await ask();
    if (status !== 202) return status;
  }
  return 202;
}
