import type { Channel, ConsumeMessage, Message } from 'amqplib';
import { decodeEnvelope, type Envelope } from '../order/envelope.ts';
import { isOrderError, orderError } from '../order/errors.ts';
import type { ConsumerHandlers, OrderConsumer } from '../order/ports/queue.ts';
import type { Clock } from '../platform/clock.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';
import { type Acknowledger, createAcknowledger } from './acknowledger.ts';
import { type BrokerSession, createBrokerConnection } from './connection.ts';
import { declareQueues, ordersQueue } from './queues.ts';

export interface ConsumerOptions {
  readonly amqpUrl: string;
  readonly handlers: ConsumerHandlers;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** What is delivered between a channel's opening, or the last `requeue`, and its loss. */
interface Lane {
  readonly generation: number;
  readonly session: BrokerSession;
  readonly channel: Channel;
  readonly acknowledger: Acknowledger;
}

/**
 * Receives envelopes on a connection of its own. Whatever is lost (connection, channel, queue) comes back by
 * itself with the prefetch that was asked for last, after `onLost`. Envelopes without orders are probes of a
 * publisher: acknowledged here, never delivered.
 *
 * `start` resolves with the first connection. `resume` and `cancel` never reject; while the broker is away they
 * say what holds when it is back. `stop` cancels, sends the acknowledgements that are due, and closes; what is
 * not acknowledged goes back to the queue.
 */
export function createConsumer(options: ConsumerOptions): OrderConsumer & Lifecycle {
  const { handlers, logger } = options;
  let lane: Lane | undefined;
  let generations = 0;
  let lastTag = 0;
  let wantedPrefetch: number | undefined;
  let consuming: { readonly prefetch: number; readonly consumerTag: string } | undefined;
  let work: Promise<void> = Promise.resolve();

  const connection = createBrokerConnection({
    amqpUrl: options.amqpUrl,
    connectionName: 'sluice consumer',
    logger,
    clock: options.clock,
    open: openChannel,
    lost: laneLost,
    async closing() {
      wantedPrefetch = undefined;
      await reconcile();
      const last = lane;
      lane = undefined;
      last?.acknowledger.flushAll();
      // Acknowledgements leave through the channel's buffer and a close of the connection would overtake them.
      await last?.channel.close();
    },
  });

  async function openChannel(session: BrokerSession): Promise<void> {
    await declareQueues(session.model);
    const channel = await session.model.createChannel();
    channel.on('error', (error) => logger.warn({ err: error }, 'the consuming channel failed'));
    channel.on('close', () => laneLost(session));
    lastTag = 0;
    consuming = undefined;
    lane = newLane(session, channel);
    await reconcile();
    if (lane?.session !== session) throw new Error('the consuming channel was lost while it was set up');
  }

  function newLane(session: BrokerSession, channel: Channel): Lane {
    const send = (tag: number, multiple: boolean) => channel.ack(messageOf(tag), multiple);
    return {
      generation: ++generations,
      session,
      channel,
      acknowledger: createAcknowledger(send, lastTag + 1),
    };
  }

  function laneLost(session: BrokerSession): void {
    if (lane?.session !== session) return;
    const { generation, acknowledger } = lane;
    acknowledger.retire();
    lane = undefined;
    consuming = undefined;
    session.drop('its channel is gone');
    handlers.onLost(generation);
  }

  /** Brings what the broker does to what is wanted, one change at a time. */
  function reconcile(): Promise<void> {
    work = work.then(async () => {
      const current = lane;
      if (!current || consuming?.prefetch === wantedPrefetch) return;
      const { channel, session } = current;
      try {
        if (consuming) {
          const { consumerTag } = consuming;
          consuming = undefined;
          await channel.cancel(consumerTag);
        }
        const prefetch = wantedPrefetch;
        if (prefetch === undefined) return;
        await channel.prefetch(prefetch);
        const { consumerTag } = await channel.consume(ordersQueue, (message) => received(session, message));
        if (lane?.session === session) consuming = { prefetch, consumerTag };
      } catch (error) {
        logger.warn({ err: error }, 'the consumer could not be set up');
        laneLost(session);
      }
    });
    return work;
  }

  function received(session: BrokerSession, message: ConsumeMessage | null): void {
    if (lane?.session !== session) return;
    if (message === null) {
      logger.warn('the broker cancelled the consumer: its queue was deleted or moved');
      laneLost(session);
      return;
    }
    const { generation, acknowledger } = lane;
    const tag = message.fields.deliveryTag;
    lastTag = tag;
    acknowledger.delivered(tag);
    const ack = () => acknowledger.done(tag);
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
      handlers.onDelivery({
        envelope,
        channelGeneration: generation,
        redelivered: message.fields.redelivered,
        ack,
      });
    }
  }

  return {
    start: () => connection.start(),
    stop: (deadlineMs) => connection.stop(deadlineMs),
    resume(prefetchEnvelopes) {
      wantedPrefetch = prefetchEnvelopes;
      return reconcile();
    },
    cancel() {
      wantedPrefetch = undefined;
      return reconcile();
    },
    async requeue() {
      if (!lane) return;
      const { session, channel, acknowledger } = lane;
      acknowledger.flushAll();
      channel.nackAll(true);
      // The deliveries in hand belong to the past from here on, although the channel stays.
      lane = newLane(session, channel);
      // Answered in order: when it returns, the broker has taken the acknowledgements and the rest back.
      await channel.checkQueue(ordersQueue).catch(() => laneLost(session));
    },
    unacknowledged: () => lane?.acknowledger.unacknowledged() ?? 0,
    state() {
      if (!lane) return 'away';
      return wantedPrefetch === undefined ? 'idle' : consuming ? 'up' : 'away';
    },
  };
}

/** amqplib reads nothing but the delivery tag of a message that is acknowledged. */
function messageOf(deliveryTag: number): Message {
  return { fields: { deliveryTag } } as Message;
}
