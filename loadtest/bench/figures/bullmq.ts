import { setTimeout as delay } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { LOAD_SKU } from '../../settings.ts';
import type { Arena } from '../arena.ts';
import type { Turn } from '../figure.ts';
import { type MeasureOptions, measure } from '../measure.ts';

/**
 * BullMQ behind the same route, its worker writing to Postgres meanwhile; then the worker alone with the backlog,
 * for as long again. What it has not written by then is counted in the queue.
 */
export async function bullmqTurn(arena: Arena, options: MeasureOptions): Promise<Omit<Turn, 'round'>> {
  const { signal, seconds } = options;
  const saleId = `bench-${Date.now()}`;
  const queue = new Queue(arena.bullmq.queueName, { connection: { ...arena.bullmq.redis } });
  await arena.rivals.query('TRUNCATE bullmq.orders');
  const worker = await arena.startWorker();
  try {
    const written = async () => {
      const { rows } = await arena.rivals.query<{ orders: number }>(
        'SELECT count(*)::int AS orders FROM bullmq.orders',
      );
      return { orders: rows[0]!.orders, atMs: performance.now() };
    };
    type Reading = Awaited<ReturnType<typeof written>>;
    const edges: Partial<Record<'start' | 'end', Promise<Reading>>> = {};
    const load = await measure(
      arena,
      {
        origin: arena.bullmqUrl,
        saleId,
        sku: LOAD_SKU,
        status: 202,
        processes: { 'bullmq worker': worker.pid },
      },
      options,
      (edge) => {
        edges[edge] = written();
      },
    );
    const alone = await written();
    await untilEmpty(queue, seconds * 1_000, signal);
    const drained = await written();
    await worker.stop();
    const { orders } = await written();
    const left = await queue.getJobCountByTypes('waiting', 'active', 'delayed', 'prioritized', 'failed');
    await queue.obliterate({ force: true });
    const accepted = load.answers[202]!;
    const rate = (from: Reading, to: Reading) => ((to.orders - from.orders) / (to.atMs - from.atMs)) * 1_000;
    return {
      contestant: 'bullmq',
      figures: [
        {
          name: 'bullmqAccepted',
          ordersPerSecond: load.ordersPerSecond,
          cpuMicrosPerOrder: load.cpuMicrosPerOrder,
        },
        {
          name: 'bullmqWritten',
          ordersPerSecond: rate(await edges.start!, await edges.end!),
          cpuMicrosPerOrder: {},
        },
        { name: 'bullmqDrained', ordersPerSecond: rate(alone, drained), cpuMicrosPerOrder: {} },
      ],
      answers: load.answers,
      audit: {
        passed: orders + left === accepted,
        found: `${accepted} answered 202; in Postgres ${orders} orders, in the queue ${left}`,
      },
    };
  } finally {
    await worker.stop();
    await queue.close();
  }
}

/** Waits until nothing waits, at most `maxMs`. */
async function untilEmpty(queue: Queue, maxMs: number, signal: AbortSignal): Promise<void> {
  const endsAtMs = performance.now() + maxMs;
  while (performance.now() < endsAtMs) {
    await delay(100, undefined, { signal });
    if ((await queue.getJobCountByTypes('waiting', 'active')) === 0) return;
  }
}
