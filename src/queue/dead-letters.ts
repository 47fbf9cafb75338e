import type { Channel, ChannelModel, GetMessage } from 'amqplib';
import type { EventLetterBox } from '../order/ports/events.ts';
import type { DeadLetterBox, LetterBox } from '../order/ports/queue.ts';
import type { Logger } from '../platform/logger.ts';
import { closeChannel, closeConnection, openConnection } from './connection.ts';
import { decodeDeadLetter } from './dead-letter-format.ts';
import { decodeEventLetter } from './event-letter-format.ts';
import { followerDeadQueue } from './follower-queues.ts';
import { QueueError } from './queue-error.ts';
import { deadQueue } from './queues.ts';

interface LetterBoxOptions {
  readonly amqpUrl: string;
  readonly logger: Logger;
}

/** The dead letters of orders, for operators. */
export function createDeadLetters(options: LetterBoxOptions): DeadLetterBox {
  return createLetterBox(options, deadQueue, decodeDeadLetter);
}

/** The dead letters of a follower, for operators. */
export function createEventLetters(options: LetterBoxOptions, follower: string): EventLetterBox {
  return createLetterBox(options, followerDeadQueue(follower), decodeEventLetter);
}

/**
 * Dead letters for operators. Each call has a connection of its own and holds the letters it looks at until it
 * ends: another process that looks at the same time sees the others only, and the broker counts these as
 * unacknowledged. So the calls of one box wait for each other. All reject with QueueError `broker-away` where the
 * broker or the queue is away.
 */
function createLetterBox<Letter>(
  { amqpUrl, logger }: LetterBoxOptions,
  queue: string,
  decode: (message: GetMessage) => Letter,
): LetterBox<Letter> {
  async function next(channel: Channel): Promise<GetMessage | undefined> {
    return (await channel.get(queue).catch(missing)) || undefined;
  }

  /**
   * The letters that are there, oldest first. Those that arrive meanwhile are left out: how many there are is said
   * with the first of them, for the count of an idle queue may be older than what was given back to it just before.
   */
  async function* letters(channel: Channel): AsyncGenerator<GetMessage> {
    let letter = await next(channel);
    for (let behind = letter?.fields.messageCount ?? 0; letter; behind--) {
      yield letter;
      letter = behind > 0 ? await next(channel) : undefined;
    }
  }

  let last: Promise<unknown> = Promise.resolve();

  function withChannel<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    const mine = last.then(() => onChannel(work));
    last = mine.catch(() => undefined);
    return mine;
  }

  async function onChannel<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    let model: ChannelModel | undefined;
    try {
      model = await openConnection(amqpUrl, 'sluice dead letters').catch(away);
      model.on('error', (error) => logger.warn({ err: error }, 'the broker connection failed'));
      const channel = await model.createChannel().catch(away);
      channel.on('error', (error) => logger.warn({ err: error }, 'the channel for dead letters failed'));
      const result = await work(channel).catch((error: unknown) => {
        giveBack(channel);
        throw error;
      });
      giveBack(channel);
      // Sees off what was acknowledged, and what was given back.
      await closeChannel(channel).catch(away);
      return result;
    } finally {
      if (model) await closeConnection(model, 1_000);
    }
  }

  return {
    list: (limit) =>
      withChannel(async (channel) => {
        const found: Letter[] = [];
        for await (const message of letters(channel)) {
          if (found.length >= limit) break;
          found.push(decode(message));
        }
        return found;
      }),
    take: (filter, handle) =>
      withChannel(async (channel) => {
        let done = 0;
        let kept = 0;
        for await (const message of letters(channel)) {
          const letter = decode(message);
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

/** All that is not acknowledged, before whatever is asked next: the channel's end alone would give it back later. */
function giveBack(channel: Channel): void {
  try {
    channel.nackAll(true);
  } catch {
    // The channel is gone, and with it all that it held is given back.
  }
}

function missing(cause: unknown): never {
  if ((cause as { code?: unknown }).code !== 404) away(cause);
  throw new QueueError('no-such-queue', 'there is no such queue of dead letters', { cause });
}

function away(cause: unknown): never {
  throw new QueueError('broker-away', 'the dead letters are out of reach: RabbitMQ or their queue is away', {
    cause,
  });
}
