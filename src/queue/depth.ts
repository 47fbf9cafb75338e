import type { QueueDepth } from '../order/ports/queue.ts';
import type { Clock } from '../platform/clock.ts';
import { closeConnection, openConnection } from './connection.ts';
import { createManagement, type ManagementOptions } from './management.ts';
import { QueueError } from './queue-error.ts';
import { deadQueue, ordersQueue } from './queues.ts';

/**
 * The longest that the management API may lag behind the broker: a quorum queue reports its counts every 5 s,
 * and the API samples every 5 s. Measured on 3.10: an unacknowledged envelope shows after 5.0 to 8.2 s, and
 * is still shown for 5.0 to 5.2 s after its acknowledgement.
 */
export const countsLagMs = 12_000;

/**
 * Counts of envelopes and dead letters, from the management API: up to `countsLagMs` old. A queue that does not
 * exist counts 0.
 *
 * @throws QueueError `management-away`, `management-refused`.
 */
export async function readDepth(options: ManagementOptions): Promise<QueueDepth> {
  const management = createManagement(options);
  const [orders, dead] = await Promise.all([
    management.queueCounts(ordersQueue),
    management.queueCounts(deadQueue),
  ]);
  return {
    ready: orders?.ready ?? 0,
    unacknowledged: orders?.unacknowledged ?? 0,
    // Who redrives, purges or lists them holds them unacknowledged meanwhile.
    deadLetters: (dead?.ready ?? 0) + (dead?.unacknowledged ?? 0),
    prefetches: orders?.prefetches ?? [],
  };
}

/**
 * Messages of a queue, envelopes unless told otherwise, that are ready for delivery, from a passive declare: true at the moment of asking, but silent about
 * what is delivered and unacknowledged. Opens a connection for each call.
 *
 * @throws QueueError `broker-away`; also where the queue does not exist.
 */
export async function readReady(
  { amqpUrl }: Pick<ManagementOptions, 'amqpUrl'>,
  queue = ordersQueue,
): Promise<number> {
  try {
    const model = await openConnection(amqpUrl, 'sluice depth');
    model.on('error', () => undefined);
    try {
      const channel = await model.createChannel();
      channel.on('error', () => undefined);
      return (await channel.checkQueue(queue)).messageCount;
    } finally {
      await closeConnection(model, 1_000);
    }
  } catch (cause) {
    throw new QueueError('broker-away', `RabbitMQ does not say how many messages wait in ${queue}`, {
      cause,
    });
  }
}

/**
 * Resolves `true` when everything that was in `sluice.orders` at the call has been acknowledged, provided that
 * nothing new is published meanwhile; `false` when the signal is aborted first.
 *
 * Only the management API knows what is unacknowledged, and it lags; so the counts must have been 0 for
 * `countsLagMs` at a stretch. The passive declare only cuts the waiting short where there is plainly a backlog.
 * A broker that is away counts as not empty.
 */
export async function waitUntilEmpty(
  options: ManagementOptions & { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<boolean> {
  const { clock, signal } = options;
  let emptySinceMs: number | undefined;
  while (!signal.aborted) {
    const askedMs = clock.monotonicMs();
    if (!(await looksEmpty(options))) emptySinceMs = undefined;
    else if (emptySinceMs === undefined) emptySinceMs = clock.monotonicMs();
    else if (askedMs - emptySinceMs >= countsLagMs) return true;
    await clock.sleep(1_000, signal);
  }
  return false;
}

async function looksEmpty(options: ManagementOptions): Promise<boolean> {
  try {
    if ((await readReady(options)) > 0) return false;
    const { ready, unacknowledged } = await readDepth(options);
    return ready + unacknowledged === 0;
  } catch (error) {
    if (error instanceof QueueError) return false;
    throw error;
  }
}
