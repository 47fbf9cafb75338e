import { eventBatchType, eventType } from '../order/events.ts';
import type { EventConsumer, EventConsumerHandlers, FollowerQueues } from '../order/ports/events.ts';
import type { Clock } from '../platform/clock.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';
import { encodeEventLetter } from './event-letter-format.ts';
import {
  declareFollower,
  type FollowerTopology,
  followerDeadQueue,
  followerQueue,
  followerRetryQueue,
} from './follower-queues.ts';
import { createMessageConsumer } from './message-consumer.ts';
import type { Publisher } from './publisher.ts';

/** Receives a follower's messages, as `createMessageConsumer` does, and declares its queues. */
export function createEventConsumer(options: {
  readonly amqpUrl: string;
  readonly follower: FollowerTopology;
  readonly handlers: EventConsumerHandlers;
  readonly logger: Logger;
  readonly clock: Clock;
}): EventConsumer & Lifecycle {
  const { follower, handlers } = options;
  return createMessageConsumer({
    ...options,
    queue: followerQueue(follower.name),
    connectionName: `sluice follower ${follower.name}`,
    declare: (model) => declareFollower(model, follower),
    onLost: (generation) => handlers.onLost(generation),
    onMessage({ message, channelGeneration, ack }) {
      const headers: Record<string, unknown> = message.properties.headers ?? {};
      const history = headers['sluice-history'];
      handlers.onDelivery({
        content: message.content,
        failures: Number(headers['sluice-failures'] ?? 0) || 0,
        history: Array.isArray(history) ? history.map(String) : [],
        channelGeneration,
        ack,
      });
    },
  });
}

/** The sending side of a follower's queues, through a publisher that declares them. */
export function createFollowerQueues(
  publisher: Pick<Publisher, 'send'>,
  { name, retryDelaysMs }: Pick<FollowerTopology, 'name' | 'retryDelaysMs'>,
): FollowerQueues {
  return {
    attempts: retryDelaysMs.length + 1,
    retry(event, failures, history) {
      const delayMs = retryDelaysMs[failures - 1];
      if (delayMs === undefined) throw new RangeError(`there is no attempt after ${failures} failures`);
      return publisher.send({
        queue: followerRetryQueue(name, delayMs),
        content: Buffer.from(JSON.stringify(event)),
        contentType: eventType,
        headers: {
          'sluice-events': 1,
          'sluice-failures': failures,
          'sluice-history': [...history],
          ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
        },
      });
    },
    deadLetter: (letter) => publisher.send({ queue: followerDeadQueue(name), ...encodeEventLetter(letter) }),
    replay: (events) =>
      publisher.send({
        queue: followerQueue(name),
        content: Buffer.from(JSON.stringify(events)),
        contentType: eventBatchType,
        headers: { 'sluice-events': events.length },
      }),
  };
}
