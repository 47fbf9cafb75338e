import type { FollowerDepth } from '../order/ports/events.ts';
import type { Clock } from '../platform/clock.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';
import { declareDropped, droppedQueue, parseFollowerQueue } from './follower-queues.ts';
import { createManagement, type ManagementOptions } from './management.ts';
import { createMessageConsumer } from './message-consumer.ts';

/**
 * What waits for each follower that has a queue, in order of name, from the management API: as late as `readDepth`.
 *
 * @throws QueueError `management-away`, `management-refused`.
 */
export async function readFollowerDepths(options: ManagementOptions): Promise<FollowerDepth[]> {
  const queues = await createManagement(options).queuesNamed('^sluice\\.follower\\.');
  const byName = new Map<string, { -readonly [K in keyof FollowerDepth]: FollowerDepth[K] }>();
  for (const { name: queue, ready, unacknowledged, consumers } of queues) {
    const parsed = parseFollowerQueue(queue);
    if (!parsed) continue;
    const { name, holds } = parsed;
    const depth = byName.get(name) ?? {
      name,
      waitingMessages: 0,
      unacknowledgedMessages: 0,
      retrying: 0,
      deadLetters: 0,
      instances: 0,
    };
    byName.set(name, depth);
    if (holds === 'retry') depth.retrying += ready + unacknowledged;
    else if (holds === 'dead') depth.deadLetters += ready + unacknowledged;
    else {
      depth.waitingMessages += ready;
      depth.unacknowledgedMessages += unacknowledged;
      depth.instances += consumers;
    }
  }
  return [...byName.values()].sort((one, two) => (one.name < two.name ? -1 : 1));
}

/**
 * Counts what the full queues of followers have dropped: the broker puts it into a queue of its own, and here it
 * ends. While no process counts it waits there, up to that queue's limit.
 */
export function createDroppedCounter(options: {
  readonly amqpUrl: string;
  readonly onDropped: (follower: string, events: number) => void;
  readonly logger: Logger;
  readonly clock: Clock;
}): Lifecycle {
  const consumer = createMessageConsumer({
    ...options,
    queue: droppedQueue,
    connectionName: 'sluice dropped events',
    declare: declareDropped,
    onLost: () => undefined,
    onMessage({ message, ack }) {
      const headers: Record<string, unknown> = message.properties.headers ?? {};
      const deaths = headers['x-death'];
      // The newest comes first: an event that was retried has died before.
      const [death] = Array.isArray(deaths) ? (deaths as { queue?: unknown }[]) : [];
      const follower = parseFollowerQueue(String(death?.queue))?.name;
      if (follower !== undefined) options.onDropped(follower, Number(headers['sluice-events'] ?? 1) || 1);
      ack();
    },
  });
  return {
    async start() {
      await consumer.start();
      await consumer.resume(100);
    },
    stop: (deadlineMs) => consumer.stop(deadlineMs),
  };
}
