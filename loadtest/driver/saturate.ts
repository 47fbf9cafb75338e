import autocannon from 'autocannon';
import type { Drive, DriveOptions } from './open-loop.ts';
import type { LoadOrder } from './order-log.ts';
import { outcomeOf } from './outcome.ts';
import { createRecorder, type DriveResult, type Recorder } from './recorder.ts';

export type SaturateOptions = Pick<
  DriveOptions,
  'targets' | 'saleId' | 'runPrefix' | 'wish' | 'log' | 'signal' | 'timeoutMs'
> & {
  /** Requests at the same time, over all targets; each connection sends its next order on the answer to its last. */
  readonly connections: number;
  /** Both approximately: a phase ends with a number of orders, not with a time. */
  readonly warmupSeconds: number;
  readonly seconds: number;
};

/** Of the first slice, before it is known how many orders a second take. */
const firstSliceOrders = 1_000;
/** A slice takes this long at most, so that a gateway that slows down does not draw the run out. */
const sliceMaxMs = 10_000;
/** What is left of a phase and not worth another slice, as a part of it. */
const restOfPhase = 0.05;

/**
 * As fast as it goes: a closed loop with autocannon. It finds the throughput; its latencies say only how long
 * an answer takes while that many others are under way.
 *
 * autocannon 9 is used with care: by `amount`, because `duration` cuts off requests in flight and the counts
 * no longer agree with the server's; without a rate of its own, where its correction for coordinated omission
 * takes 1 ms for every expected interval (and cannot be switched off without one); its figures are not used.
 */
export function driveSaturate(options: SaturateOptions): Drive {
  const { targets, connections, log, signal } = options;
  // The warm-up of a closed loop ends when its orders are answered; the report draws it without a line.
  const recorder = createRecorder({ log, warmupSeconds: 0 });
  const counter = { orders: 0 };
  const perTarget = Math.max(1, Math.floor(connections / targets.length));
  let ordersPerMs: number | undefined;

  async function slice(warmup: boolean, orders: number): Promise<void> {
    const before = { atMs: recorder.elapsedMs(), orders: counter.orders };
    const each = Math.max(perTarget, Math.ceil(orders / targets.length));
    await Promise.all(
      targets.map((target) => flood(target, perTarget, { warmup, orders: each }, options, recorder, counter)),
    );
    ordersPerMs = (counter.orders - before.orders) / (recorder.elapsedMs() - before.atMs);
  }

  /** In slices, each as large as the last one's rate allows: a gateway that warms up is soon twice as fast. */
  async function phase(warmup: boolean, seconds: number): Promise<void> {
    const lengthMs = seconds * 1_000;
    const endMs = recorder.elapsedMs() + lengthMs;
    for (let leftMs = lengthMs; leftMs > lengthMs * restOfPhase && !signal?.aborted; ) {
      const orders =
        ordersPerMs === undefined ? firstSliceOrders : ordersPerMs * Math.min(leftMs, sliceMaxMs);
      await slice(warmup, orders);
      leftMs = endMs - recorder.elapsedMs();
    }
  }

  async function run(): Promise<DriveResult> {
    await phase(true, options.warmupSeconds);
    await phase(false, options.seconds);
    return recorder.result();
  }

  return { snapshot: recorder.snapshot, done: run() };
}

interface Slice {
  readonly warmup: boolean;
  readonly orders: number;
}

async function flood(
  target: URL,
  connections: number,
  { warmup, orders }: Slice,
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
        amount: orders,
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
