import { LOAD_SKU, WARMUP_SKU } from '../../settings.ts';
import type { Arena } from '../arena.ts';
import { auditSale } from '../audit-sale.ts';
import { cpuPerOrder, type Processes, readCpuTimes } from '../cpu-time.ts';
import type { Turn } from '../figure.ts';
import { type MeasureOptions, measure } from '../measure.ts';
import { committedOrders, untilCommitted } from '../sale-progress.ts';
import { withSale } from './with-sale.ts';

/**
 * Orders per second from the first request to the last commit, with the cap lifted. The warm-up orders another SKU
 * and is drained before the clock starts.
 */
export function endToEndTurn(contestant: 'endToEnd' | 'endToEndFollowed') {
  return (arena: Arena, options: MeasureOptions) => takeTurn(contestant, arena, options);
}

/** The same, with two followers that do their work meanwhile. */
export async function followedTurn(arena: Arena, options: MeasureOptions): Promise<Omit<Turn, 'round'>> {
  const followers = await arena.startFollowers();
  try {
    return await takeTurn('endToEndFollowed', arena, options, followers.processes);
  } finally {
    await followers.stop();
  }
}

async function takeTurn(
  contestant: 'endToEnd' | 'endToEndFollowed',
  arena: Arena,
  options: MeasureOptions,
  beside: Processes = {},
): Promise<Omit<Turn, 'round'>> {
  return withSale(arena, 'end-to-end', {}, async (saleId) => {
    const { signal, warmupSeconds, seconds } = options;
    const origin = await arena.gatewayUrl();
    const committed = (sku: string) => () => committedOrders(arena.ledger, saleId, sku);
    await arena.setCap('lifted');
    const warmup = await measure(
      arena,
      { origin, saleId, sku: WARMUP_SKU, status: 202 },
      { signal, warmupSeconds: 0, seconds: warmupSeconds },
    );
    await untilCommitted(committed(WARMUP_SKU), warmup.answers[202]!, signal);

    const processes = { ...(await arena.processes()), ...beside };
    const before = await readCpuTimes(processes);
    const load = await measure(
      arena,
      { origin, saleId, sku: LOAD_SKU, status: 202 },
      { signal, warmupSeconds: 0, seconds },
    );
    const orders = load.answers[202]!;
    const committedAtMs = await untilCommitted(committed(LOAD_SKU), orders, signal);
    const after = await readCpuTimes(processes);
    await arena.setCap('default');
    const generator = load.cpuMicrosPerOrder.generator ?? 0;
    return {
      contestant,
      figures: [
        {
          name: contestant,
          ordersPerSecond: (orders / (committedAtMs - load.firstSentAtMs)) * 1_000,
          cpuMicrosPerOrder: { ...cpuPerOrder(before, after, orders), generator },
        },
      ],
      answers: load.answers,
      audit: await auditSale(arena, saleId, { load: orders, warmup: warmup.answers[202]! }),
    };
  });
}
