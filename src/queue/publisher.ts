import { encodeEnvelope } from '../order/envelope.ts';
import { eventBatchType } from '../order/events.ts';
import type { EventPublisher } from '../order/ports/events.ts';
import type { DeadLetterPublisher, OrderPublisher } from '../order/ports/queue.ts';
import { encodeDeadLetter } from './dead-letter-format.ts';
import { deadQueue, eventsExchange } from './queues.ts';
import { createSender, type Sender, type SenderOptions, type SenderState } from './sender.ts';

export type PublisherState = SenderState;
export type PublisherOptions = SenderOptions;

export type Publisher = OrderPublisher &
  DeadLetterPublisher &
  EventPublisher &
  Omit<Sender, 'sendOrders' | 'state'>;

/**
 * Publishes envelopes, dead letters and events over one sender. Events may have no reader, and so go to their exchange;
 * everything else goes to a queue that must be there.
 *
 * `publish` refuses (`queue-unavailable`) whenever `state()` is not `up`; everything else goes through while the
 * order queue is `full`.
 */
export function createPublisher(options: PublisherOptions): Publisher {
  const { sendOrders, ...sender } = createSender(options);
  return {
    ...sender,
    publish: async (envelope) => sendOrders(encodeEnvelope(envelope)),
    deadLetter: (letter) => sender.send({ queue: deadQueue, ...encodeDeadLetter(letter) }),
    publishEvents: ({ routingKey, content, events }) =>
      sender.send({
        exchange: eventsExchange,
        key: routingKey,
        content,
        contentType: eventBatchType,
        headers: { 'sluice-events': events },
      }),
  };
}
