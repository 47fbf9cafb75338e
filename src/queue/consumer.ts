import { decodeEnvelope, type Envelope } from '../order/envelope.ts';
import { isOrderError, orderError } from '../order/errors.ts';
import type { ConsumerHandlers, OrderConsumer } from '../order/ports/queue.ts';
import type { Clock } from '../platform/clock.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';
import { createMessageConsumer } from './message-consumer.ts';
import { declareQueues, ordersQueue } from './queues.ts';

export interface ConsumerOptions {
  readonly amqpUrl: string;
  readonly handlers: ConsumerHandlers;
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * Receives envelopes, as `createMessageConsumer` does. Envelopes without orders are probes of a publisher:
 * acknowledged here, never delivered.
 */
export function createConsumer({ handlers, ...options }: ConsumerOptions): OrderConsumer & Lifecycle {
  return createMessageConsumer({
    ...options,
    queue: ordersQueue,
    connectionName: 'sluice consumer',
    declare: declareQueues,
    onLost: (generation) => handlers.onLost(generation),
    onMessage({ message, channelGeneration, ack }) {
      let envelope: Envelope;
      try {
        envelope = decodeEnvelope(message.content);
      } catch (error) {
        // A message that our own decoder stumbles over is isolated like any other, or it would come again for ever.
        const unreadable = isOrderError(error)
          ? error
          : orderError('envelope-unreadable', 'the envelope broke the decoder', { cause: error });
        handlers.onUnreadable(message.content, unreadable, ack);
        return;
      }
      if (envelope.orders.length === 0) ack();
      else {
        const { redelivered } = message.fields;
        handlers.onDelivery({ envelope, channelGeneration, redelivered, ack });
      }
    },
  });
}
