import type { Channel, ChannelModel, ConsumeMessage, Message } from 'amqplib';
import type { MessageConsumer } from '../order/ports/queue.ts';
import type { Clock } from '../platform/clock.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';
import { type Acknowledger, createAcknowledger } from './acknowledger.ts';
import { type BrokerSession, closeChannel, createBrokerConnection } from './connection.ts';

/** One message in a process' hands. */
export interface ReceivedMessage {
  readonly message: ConsumeMessage;
  /** Counts channels: what came on an older one will come again. */
  readonly channelGeneration: number;
  /** It is dealt with. On a channel that is gone it does nothing. */
  ack(): void;
}

export interface MessageConsumerOptions {
  readonly amqpUrl: string;
  readonly queue: string;
  /** Shown in the broker's list of connections. */
  readonly connectionName: string;
  /** Declares the queue, on each fresh connection. */
  declare(model: ChannelModel): Promise<void>;
  onMessage(received: ReceivedMessage): void;
  /** The channel of this generation is gone: what came on it should be dropped. */
  onLost(channelGeneration: number): void;
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
 * Receives messages on a connection of its own. Whatever is lost (connection, channel, queue) comes back by itself
 * with the prefetch that was asked for last, after `onLost`.
 *
 * `start` resolves with the first connection. `resume` and `cancel` never reject; while the broker is away they
 * say what holds when it is back. `stop` cancels, sends the acknowledgements that are due, and closes; what is
 * not acknowledged goes back to the queue.
 */
export function createMessageConsumer(options: MessageConsumerOptions): MessageConsumer & Lifecycle {
  const { logger, queue } = options;
  let lane: Lane | undefined;
  let generations = 0;
  let lastTag = 0;
  let wantedPrefetch: number | undefined;
  let consuming: { readonly prefetch: number; readonly consumerTag: string } | undefined;
  let work: Promise<void> = Promise.resolve();

  const connection = createBrokerConnection({
    amqpUrl: options.amqpUrl,
    connectionName: options.connectionName,
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
      if (last) await closeChannel(last.channel);
    },
  });

  async function openChannel(session: BrokerSession): Promise<void> {
    await options.declare(session.model);
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
    options.onLost(generation);
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
        const { consumerTag } = await channel.consume(queue, (message) => received(session, message));
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
    options.onMessage({ message, channelGeneration: generation, ack: () => acknowledger.done(tag) });
  }

  return {
    start: () => connection.start(),
    stop: (deadlineMs) => connection.stop(deadlineMs),
    resume(prefetch) {
      wantedPrefetch = prefetch;
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
      await channel.checkQueue(queue).catch(() => laneLost(session));
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
