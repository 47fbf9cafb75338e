import type { Channel, ChannelModel, GetMessage } from 'amqplib';
import type { DeadLetterBox, DeadLetterView } from '../order/ports/queue.ts';
import type { Logger } from '../platform/logger.ts';
import { closeConnection, openConnection } from './connection.ts';
import { decodeDeadLetter } from './dead-letter-format.ts';
import { QueueError } from './queue-error.ts';
import { deadQueue } from './queues.ts';

/**
 * Dead letters for operators. Each call has a connection of its own and holds the letters it looks at until it
 * ends: a second call at the same time sees the others only, and the broker counts these as unacknowledged. All
 * reject with QueueError `broker-away` where the broker or the queue is away.
 */
export function createDeadLetters({
  amqpUrl,
  logger,
}: {
  readonly amqpUrl: string;
  readonly logger: Logger;
}): DeadLetterBox {
  async function withChannel<T>(work: (channel: Channel, letters: number) => Promise<T>): Promise<T> {
    let model: ChannelModel | undefined;
    try {
      model = await openConnection(amqpUrl, 'sluice dead letters').catch(away);
      model.on('error', (error) => logger.warn({ err: error }, 'the broker connection failed'));
      const channel = await model.createChannel().catch(away);
      channel.on('error', (error) => logger.warn({ err: error }, 'the channel for dead letters failed'));
      const { messageCount } = await channel.checkQueue(deadQueue).catch(away);
      const result = await work(channel, messageCount);
      // What was not acknowledged goes back with the channel; its close also sees the acknowledgements off.
      await channel.close().catch(away);
      return result;
    } finally {
      if (model) await closeConnection(model, 1_000);
    }
  }

  return {
    list: (limit) =>
      withChannel(async (channel, letters) => {
        const found: DeadLetterView[] = [];
        while (found.length < Math.min(limit, letters)) {
          const message = await next(channel);
          if (!message) break;
          found.push(decodeDeadLetter(message));
        }
        return found;
      }),
    take: (filter, handle) =>
      withChannel(async (channel, letters) => {
        let done = 0;
        let kept = 0;
        for (let seen = 0; seen < letters; seen++) {
          const message = await next(channel);
          if (!message) break;
          const letter = decodeDeadLetter(message);
          if (!filter(letter)) continue;
          if ((await handle(letter)) === 'done') {
            try {
              channel.ack(message);
            } catch (cause) {
              away(cause);
            }
            done += 1;
          } else kept += 1;
        }
        return { done, kept };
      }),
  };
}

async function next(channel: Channel): Promise<GetMessage | undefined> {
  return (await channel.get(deadQueue).catch(away)) || undefined;
}

function away(cause: unknown): never {
  throw new QueueError('broker-away', 'the dead letters are out of reach: RabbitMQ or their queue is away', {
    cause,
  });
}
