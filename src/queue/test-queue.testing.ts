import { type Channel, connect } from 'amqplib';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { createStack, type Stack } from '../../test/support/stack.ts';
import { readReady } from './depth.ts';
import { until } from './private-broker.testing.ts';
import type { Publisher } from './publisher.ts';
import { deadQueue, ordersQueue } from './queues.ts';
import { testConsumer, testEnvelope, testLogger, testPublisher } from './test-orders.testing.ts';
import { declareTopology } from './topology.ts';

/**
 * The queues of a test file, empty before each of its tests, with what the file starts on them; it is stopped
 * after each test, which fails where a rejection was left unhandled.
 */
export function useTestQueue() {
  let stack: Stack;
  let publisher: Publisher;
  let channel: Channel;
  let stops: (() => Promise<void>)[] = [];
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => unhandled.push(reason);

  beforeAll(async () => {
    process.on('unhandledRejection', onUnhandled);
    stack = await createStack();
    await declareTopology({ ...stack, queueMaxBytes: 1e9, logger: testLogger });
    const connection = await connect(stack.amqpUrl);
    channel = await connection.createChannel();
    publisher = testPublisher(stack.amqpUrl).publisher;
    await publisher.start();
  });
  afterAll(async () => {
    await publisher.stop(2_000);
    await channel.close();
    await stack.close();
    process.off('unhandledRejection', onUnhandled);
  });
  beforeEach(async () => {
    await until('the publisher to be up', () => publisher.state() === 'up');
    await channel.purgeQueue(ordersQueue);
    await channel.purgeQueue(deadQueue);
  });
  afterEach(async () => {
    await Promise.all(stops.map((stop) => stop()));
    stops = [];
    expect(unhandled).toEqual([]);
  });

  return {
    stack: () => stack,
    publisher: () => publisher,
    channel: () => channel,

    /** A consumer that has started, and consumes where a prefetch is given. */
    async started(prefetch: number | undefined, handlers?: Parameters<typeof testConsumer>[1]) {
      const made = testConsumer(stack.amqpUrl, handlers);
      stops.push(() => made.consumer.stop(2_000));
      await made.consumer.start();
      if (prefetch !== undefined) await made.consumer.resume(prefetch);
      return made;
    },

    /** Publishes envelopes of one order each; resolves with their transaction IDs. */
    async publish(count: number): Promise<string[]> {
      const envelopes = Array.from({ length: count }, () => testEnvelope());
      await Promise.all(envelopes.map((envelope) => publisher.publish(envelope)));
      return envelopes.flatMap((envelope) => envelope.orders.map((order) => order.transactionId));
    },

    ready: () => readReady(stack),
  };
}
