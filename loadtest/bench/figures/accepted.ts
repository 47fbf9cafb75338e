import { LOAD_SKU } from '../../settings.ts';
import type { Arena } from '../arena.ts';
import { auditSale } from '../audit-sale.ts';
import type { Turn } from '../figure.ts';
import { type MeasureOptions, measure } from '../measure.ts';
import { committedOrders, untilCommitted } from '../sale-progress.ts';
import { withSale } from './with-sale.ts';

/**
 * What shoppers get while Sluice drains at its default cap: 202s per second, each confirmed by the broker. The cap
 * is lifted behind the window, so that the backlog's drain is a figure of its own and every order can be audited.
 */
export async function acceptedTurn(arena: Arena, options: MeasureOptions): Promise<Omit<Turn, 'round'>> {
  return withSale(arena, 'accepted', {}, async (saleId) => {
    await arena.setCap('default');
    const origin = await arena.gatewayUrl();
    const load = await measure(arena, { origin, saleId, sku: LOAD_SKU, status: 202 }, options);
    const accepted = load.answers[202]!;
    const committed = () => committedOrders(arena.ledger, saleId, LOAD_SKU);
    const drain = await drainBacklog(arena, committed, accepted, options.signal);
    return {
      contestant: 'accepted',
      figures: [
        {
          name: 'accepted',
          ordersPerSecond: load.ordersPerSecond,
          cpuMicrosPerOrder: load.cpuMicrosPerOrder,
        },
        { name: 'acceptedDrained', ordersPerSecond: drain, cpuMicrosPerOrder: {} },
      ],
      answers: load.answers,
      audit: await auditSale(arena, saleId, { load: accepted, warmup: 0 }),
    };
  });
}

/**
 * Orders/s from when a tenth of the backlog is gone, by which the new cap is known to the drainer, to the last
 * commit.
 */
async function drainBacklog(
  arena: Arena,
  committed: () => Promise<number>,
  accepted: number,
  signal: AbortSignal,
): Promise<number> {
  const before = await committed();
  const tenth = before + Math.ceil((accepted - before) / 10);
  const lifting = arena.setCap('lifted');
  lifting.catch(() => {});
  await untilCommitted(committed, tenth, signal);
  const startedAtMs = Date.now();
  const from = await committed();
  const endedAtMs = await untilCommitted(committed, accepted, signal);
  await lifting;
  await arena.setCap('default');
  return ((accepted - from) / Math.max(1, endedAtMs - startedAtMs)) * 1_000;
}
