import type { Arena } from './arena.ts';
import { type CpuTimes, cpuPerOrder, readCpuTimes } from './cpu-time.ts';
import type { LoadResult, Statuses } from './load/closed-loop.ts';
import { runLoad } from './load/load-process.ts';

/** 128 keep-alive connections, one request under way on each: a crowd that keeps two cores busy. */
const connections = 128;

export interface MeasureOptions {
  readonly warmupSeconds: number;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

export interface Measured extends LoadResult {
  /** µs of CPU per order answered with `status`, within the window. */
  readonly cpuMicrosPerOrder: Readonly<Record<string, number>>;
  /** Orders answered with `status` in the window, per second. */
  readonly ordersPerSecond: number;
}

export interface Target {
  /** Origin of the server, sale and SKU to order. */
  readonly origin: string;
  readonly saleId: string;
  readonly sku: string;
  /** The answer that counts. */
  readonly status: number;
  /** A process that takes part besides those of the arena. */
  readonly processes?: Readonly<Record<string, number>>;
}

/**
 * Runs a load against one target and counts answers and CPU within the window.
 * @throws when another answer than the target's came: the figure would be of something else
 */
export async function measure(
  arena: Arena,
  target: Target,
  options: MeasureOptions,
  onWindow: (edge: 'start' | 'end') => void = () => {},
): Promise<Measured> {
  const { origin, saleId, sku, status } = target;
  const processes = { ...(await arena.processes()), ...target.processes };
  const readings: Partial<Record<'start' | 'end', Promise<CpuTimes>>> = {};
  const result = await runLoad(
    {
      url: `${origin}/sales/${saleId}/orders`,
      sku,
      connections,
      warmupMs: options.warmupSeconds * 1_000,
      windowMs: options.seconds * 1_000,
    },
    (edge, pid) => {
      readings[edge] = readCpuTimes({ ...processes, generator: pid });
      onWindow(edge);
    },
    options.signal,
  );
  refuseOthers(result.answers, status, origin);
  const inWindow = result.windowAnswers[status] ?? 0;
  return {
    ...result,
    ordersPerSecond: (inWindow / result.windowMs) * 1_000,
    cpuMicrosPerOrder: cpuPerOrder((await readings.start) ?? {}, (await readings.end) ?? {}, inWindow),
  };
}

function refuseOthers(answers: Statuses, status: number, origin: string): void {
  const others = Object.keys(answers).filter((code) => Number(code) !== status);
  if (others.length === 0) return;
  const found = Object.entries(answers).map(([code, count]) => `${count} × ${code}`);
  throw Object.assign(new Error(`${origin} was to answer ${status} only, and answered ${found.join(', ')}`), {
    code: 'unexpected-answers',
  });
}
