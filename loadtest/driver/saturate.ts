import autocannon from 'autocannon';
import type { Drive, DriveOptions } from './open-loop.ts';
import type { LoadOrder } from './order-log.ts';
import { outcomeOf } from './outcome.ts';
import { createRecorder, type Recorder } from './recorder.ts';

export type SaturateOptions = Pick<
  DriveOptions,
  'targets' | 'saleId' | 'runPrefix' | 'wish' | 'log' | 'signal' | 'timeoutMs'
> & {
  /** Requests at the same time, over all targets; each connection sends its next order on the answer to its last. */
  readonly connections: number;
  /** Orders of the warm-up; its second half also shows how many orders `seconds` will take. */
  readonly warmupOrders: number;
  /** Length of the measured phase, approximately: it ends with a number of orders, not with a time. */
  readonly seconds: number;
};

interface Phase {
  readonly warmup: boolean;
  readonly orders: number;
}

/**
 * As fast as it goes: a closed loop with autocannon. It finds the throughput; its latencies say only how long
 * an answer takes while that many others are under way.
 *
 * autocannon 9 is used with care: by `amount`, because `duration` cuts off requests in flight and the counts
 * no longer agree with the server's; without a rate of its own, where its correction for coordinated omission
 * takes 1 ms for every expected interval (and cannot be switched off without one); its figures are not used.
 */
export function driveSaturate(options: SaturateOptions): Drive {
  const { targets, connections, warmupOrders, seconds, log } = options;
  // The warm-up of a closed loop ends when its orders are answered; the report draws it without a line.
  const recorder = createRecorder({ log, warmupSeconds: 0 });
  const counter = { orders: 0 };
  const done = (async () => {
    const perTarget = Math.max(1, Math.floor(connections / targets.length));
    const runAll = (phase: Phase) =>
      Promise.all(targets.map((target) => flood(target, perTarget, phase, options, recorder, counter)));
    const half = Math.ceil(warmupOrders / 2);
    await runAll({ warmup: true, orders: Math.ceil(half / targets.length) });
    const before = recorder.elapsedMs();
    await runAll({ warmup: true, orders: Math.ceil(half / targets.length) });
    const perSecond = (half * 1_000) / (recorder.elapsedMs() - before);
    await runAll({ warmup: false, orders: Math.ceil((perSecond * seconds) / targets.length) });
    return recorder.result();
  })();
  return { snapshot: recorder.snapshot, done };
}

async function flood(
  target: URL,
  connections: number,
  { warmup, orders }: Phase,
  options: SaturateOptions,
  recorder: Recorder,
  counter: { orders: number },
): Promise<void> {
  const { saleId, runPrefix, wish, signal, timeoutMs = 10_000 } = options;
  // autocannon forgets the context of a request whose connection broke: those orders stay in this set.
  const outstanding = new Set<LoadOrder>();

  const setupRequest = (request: autocannon.Request, context: object): autocannon.Request => {
    const index = counter.orders++;
    const order: LoadOrder = {
      ...wish(index, warmup),
      transactionId: `${runPrefix}-${index.toString(36)}`,
      intendedMs: recorder.elapsedMs(),
      warmup,
    };
    (context as { order: LoadOrder }).order = order;
    outstanding.add(order);
    recorder.order(warmup);
    recorder.sent(order);
    const { transactionId, sku, quantity, customerId } = order;
    return { ...request, body: JSON.stringify({ transactionId, sku, quantity, customerId }) };
  };

  const onResponse = (status: number, body: string, context: object, headers: object = {}): void => {
    const { order } = context as { order: LoadOrder };
    outstanding.delete(order);
    const replayed = Object.entries(headers).some(
      ([name, value]) => name.toLowerCase() === 'idempotent-replayed' && value === 'true',
    );
    const outcomeUnknown = status === 503 && body.includes('outcome-unknown');
    recorder.ended(order, status, outcomeOf({ status, replayed, outcomeUnknown }));
  };

  await new Promise<void>((resolve, reject) => {
    const instance = autocannon(
      {
        url: new URL(`${target.pathname.replace(/\/$/, '')}/sales/${saleId}/orders`, target).href,
        connections,
        amount: Math.max(connections, orders),
        timeout: timeoutMs / 1_000,
        requests: [
          { method: 'POST', headers: { 'content-type': 'application/json' }, setupRequest, onResponse },
        ],
      },
      (error) => (error ? reject(error) : resolve()),
    );
    signal?.addEventListener('abort', () => instance.stop(), { once: true });
  });
  for (const order of outstanding) recorder.ended(order, 0, 'network-error');
}
