import { connect } from 'amqplib';
import type { EventLetterBox, FollowerQueues } from '../../src/order/ports/events.ts';
import type {
  ConsumerHandlers,
  DeadLetterBox,
  OrderConsumer,
  QueueDepth,
} from '../../src/order/ports/queue.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Lifecycle } from '../../src/platform/lifecycle.ts';
import type { Logger } from '../../src/platform/logger.ts';
import { createConsumer } from '../../src/queue/consumer.ts';
import { createDeadLetters, createEventLetters } from '../../src/queue/dead-letters.ts';
import { readDepth } from '../../src/queue/depth.ts';
import { createFollowerQueues } from '../../src/queue/follower-messages.ts';
import type { Publisher } from '../../src/queue/publisher.ts';
import { declareTopology } from '../../src/queue/topology.ts';
import type { Stack } from './stack.ts';

/** The queues of a stack, as the stages, an operator and a stranger have them. */
export interface Broker {
  readonly deadLetters: DeadLetterBox;
  eventLetters(follower: string): EventLetterBox;
  /** A consumer of the order queue, as a drainer has. */
  consumer(handlers: ConsumerHandlers): OrderConsumer & Lifecycle;
  /** What a follower that tries no event again sends to its own queues. */
  followerQueues(follower: string): FollowerQueues;
  /** Lets the queue of every follower hold this much and no more, from now on. */
  limitFollowerQueues(followerQueueMaxBytes: number): Promise<void>;
  /** The order queue as the management API counts it, which is some seconds behind. */
  depth(): Promise<QueueDepth>;
  /** Messages that wait in a queue of the stack's virtual host, now. */
  ready(queue?: string): Promise<number>;
  /** Sends messages that no part of Sluice would send; resolves once the broker has them. */
  inject(contents: readonly (string | Buffer)[], to?: { exchange?: string; key?: string }): Promise<void>;
  manage(method: string, path: string, body?: object): Promise<Response>;
}

const queueMaxBytes = 1_000_000_000;

/** Declares what the stages need on the stack's virtual host. */
export async function createBroker(
  stack: Stack,
  { publisher, logger }: { publisher: Publisher; logger: Logger },
): Promise<Broker> {
  await declareTopology({ ...stack, queueMaxBytes, logger });
  const at = { amqpUrl: stack.amqpUrl, logger };

  async function connected() {
    const model = await connect(stack.amqpUrl);
    model.on('error', () => undefined);
    return model;
  }

  return {
    deadLetters: createDeadLetters(at),
    eventLetters: (follower) => createEventLetters(at, follower),
    consumer: (handlers) => createConsumer({ ...at, handlers, clock: systemClock }),
    followerQueues: (name) => createFollowerQueues(publisher, { name, retryDelaysMs: [] }),
    limitFollowerQueues: (followerQueueMaxBytes) =>
      declareTopology({ ...stack, queueMaxBytes, followerQueueMaxBytes, logger }),
    depth: () => readDepth(stack),

    async ready(queue = 'sluice.orders') {
      const model = await connected();
      try {
        const channel = await model.createChannel();
        channel.on('error', () => undefined);
        return (await channel.checkQueue(queue)).messageCount;
      } finally {
        await model.close();
      }
    },

    async inject(contents, { exchange = '', key = 'sluice.orders' } = {}) {
      const model = await connected();
      try {
        const channel = await model.createConfirmChannel();
        for (const content of contents) {
          channel.publish(exchange, key, Buffer.from(content), { persistent: true });
        }
        await channel.waitForConfirms();
      } finally {
        await model.close();
      }
    },

    async manage(method, path, body) {
      const { origin, username, password } = new URL(stack.amqpManagementUrl);
      return fetch(`${origin}/api${path}`, {
        method,
        headers: {
          authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
          'content-type': 'application/json',
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    },
  };
}
