import { type Channel, connect } from 'amqplib';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createStack, type Stack } from '../../test/support/stack.ts';
import { systemClock } from '../platform/clock.ts';
import { createDeadLetters } from './dead-letters.ts';
import { readDepth, readReady, waitUntilEmpty } from './depth.ts';
import { until } from './private-broker.testing.ts';
import type { Publisher } from './publisher.ts';
import { deadQueue, ordersQueue } from './queues.ts';
import {
  testConsumer,
  testEnvelope,
  testLogger,
  testPublisher,
  transactionIds,
} from './test-orders.testing.ts';
import { declareTopology } from './topology.ts';

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
  stops = [];
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

async function started(prefetch: number | undefined, handlers?: Parameters<typeof testConsumer>[1]) {
  const made = testConsumer(stack.amqpUrl, handlers);
  stops.push(() => made.consumer.stop(2_000));
  await made.consumer.start();
  if (prefetch !== undefined) await made.consumer.resume(prefetch);
  return made;
}

async function publish(count: number): Promise<string[]> {
  const envelopes = Array.from({ length: count }, () => testEnvelope());
  await Promise.all(envelopes.map((envelope) => publisher.publish(envelope)));
  return envelopes.flatMap((envelope) => envelope.orders.map((order) => order.transactionId));
}

async function manage(method: string, path: string): Promise<unknown> {
  const url = new URL(stack.amqpManagementUrl);
  const response = await fetch(`${url.origin}/api${path}`, {
    method,
    headers: { authorization: `Basic ${btoa('guest:guest')}` },
  });
  return response.status === 200 ? response.json() : undefined;
}

/** Closes the connection of this virtual host's consumer, as an operator would. */
async function closeConsumerConnection(): Promise<void> {
  await until('the management API to know the connection', async () => {
    const connections = (await manage('GET', `/vhosts/${stack.vhost}/connections`)) as {
      name: string;
      client_properties?: { connection_name?: string };
    }[];
    const consumers = connections.filter(
      (one) => one.client_properties?.connection_name === 'sluice consumer',
    );
    for (const { name } of consumers) await manage('DELETE', `/connections/${encodeURIComponent(name)}`);
    return consumers.length > 0;
  });
}

const ready = () => readReady(stack);
const isReady = (count: number) => until(`${count} ready`, async () => (await ready()) === count);

test('envelopes arrive in order and are gone once acknowledged', async () => {
  const sent = await publish(100);
  const { consumer, received } = await started(10_000);
  const deliveries = await received(100);
  expect(transactionIds(deliveries)).toEqual(sent);
  expect(consumer.unacknowledged()).toBe(100);
  for (const delivery of deliveries) delivery.ack();
  await until('the acknowledgements', () => consumer.unacknowledged() === 0);
  await consumer.stop(2_000);
  expect(await ready()).toBe(0);
});

test('no more than the prefetch is in hand, and a changed prefetch counts from then on', async () => {
  await publish(50);
  const { consumer, deliveries, received } = await started(5);
  await received(5);
  await isReady(45);
  deliveries[0]!.ack();
  await received(6);
  await isReady(44);
  await consumer.cancel();
  await consumer.requeue();
  await isReady(49);
  await consumer.resume(20);
  await received(6 + 20);
  await isReady(29);
  expect(consumer.unacknowledged()).toBe(20);
});

test('after a cancel nothing arrives, and what is in hand can be acknowledged', async () => {
  await publish(10);
  const { consumer, deliveries, received } = await started(10);
  await received(10);
  await consumer.cancel();
  expect(consumer.state()).toBe('idle');
  await publish(3);
  for (const delivery of deliveries) delivery.ack();
  await until('the acknowledgements', () => consumer.unacknowledged() === 0);
  await isReady(3);
  expect(deliveries).toHaveLength(10);
});

test('requeue gives back what is not done, keeps what is, and its deliveries can do no harm later', async () => {
  const sent = await publish(10);
  const { consumer, deliveries, received } = await started(10);
  await received(10);
  deliveries[0]!.ack();
  deliveries[5]!.ack();
  await consumer.cancel();
  await consumer.requeue();
  await isReady(8);
  for (const delivery of deliveries) delivery.ack();
  expect(consumer.unacknowledged()).toBe(0);
  await consumer.resume(10);
  await received(18);
  const again = deliveries.slice(10);
  expect(transactionIds(again).sort()).toEqual(sent.filter((_, i) => i !== 0 && i !== 5).sort());
  expect(again.every((delivery) => delivery.redelivered)).toBe(true);
  expect(again[0]!.channelGeneration).toBeGreaterThan(deliveries[0]!.channelGeneration);
  for (const delivery of again) delivery.ack();
  await consumer.stop(2_000);
  expect(await ready()).toBe(0);
});

test('a connection that is closed by force comes back, and what was in hand is delivered again', async () => {
  const sent = await publish(5);
  const { consumer, deliveries, lost, received } = await started(10);
  await received(5);
  await closeConsumerConnection();
  await received(10);
  expect(lost).toEqual([deliveries[0]!.channelGeneration]);
  const again = deliveries.slice(5);
  expect(transactionIds(again)).toEqual(sent);
  expect(consumer.state()).toBe('up');
  // Of the lost channel: does nothing, in particular not to the same tags of the new one.
  for (const delivery of deliveries.slice(0, 5)) delivery.ack();
  again[0]!.ack();
  await until('the one acknowledgement', () => consumer.unacknowledged() === 4);
  await consumer.stop(2_000);
  expect(await ready()).toBe(4);
});

test('a queue that is deleted under the consumer is declared again, and the consumer is back on it', async () => {
  await publish(3);
  const { consumer, deliveries, lost, received } = await started(10);
  await received(3);
  await channel.deleteQueue(ordersQueue);
  await until('the loss', () => lost.length === 1);
  for (const delivery of deliveries) delivery.ack();
  await until('the consumer to be back', () => consumer.state() === 'up');
  await publish(2);
  await received(5);
});

test('a message that is not an envelope reaches its handler with its bytes, and is gone once acknowledged', async () => {
  const unreadable: { content: string; code: string; ack: () => void }[] = [];
  const { consumer, received } = await started(10, {
    onUnreadable: (content, error, ack) =>
      unreadable.push({ content: String(content), code: error.code, ack }),
  });
  channel.sendToQueue(ordersQueue, Buffer.from('{"v":99}'));
  await publish(1);
  const [delivery] = await received(1);
  await until('the unreadable one', () => unreadable.length === 1);
  expect(unreadable[0]).toMatchObject({ content: '{"v":99}', code: 'envelope-unreadable' });
  delivery!.ack();
  unreadable[0]!.ack();
  await until('the acknowledgements', () => consumer.unacknowledged() === 0);
  await consumer.stop(2_000);
  expect(await ready()).toBe(0);
});

test('probes are acknowledged without being delivered', async () => {
  const { consumer, deliveries, received } = await started(2);
  for (let i = 0; i < 5; i++) await publisher.publish({ saleId: 'probe', orders: [] });
  const sent = await publish(1);
  expect(transactionIds(await received(1))).toEqual(sent);
  deliveries[0]!.ack();
  await consumer.stop(2_000);
  expect(await ready()).toBe(0);
});

test('stop gives back what is not acknowledged', async () => {
  await publish(5);
  const { consumer, deliveries, received } = await started(5);
  await received(5);
  deliveries[1]!.ack();
  await consumer.stop(2_000);
  await isReady(4);
  expect(consumer.state()).toBe('away');
});

test('dead letters are listed without being consumed, and taken one by one', async () => {
  const [order] = testEnvelope().orders;
  const letter = {
    reason: 'the ledger refuses it',
    cause: '22003',
    failedAtMs: 1_700_000_000_123,
    history: ['a', 'b'],
  };
  await publisher.deadLetter({ order: order!, ...letter });
  await publisher.deadLetter({ order: undefined, content: Buffer.from([0, 255]), ...letter });
  const deadLetters = createDeadLetters({ amqpUrl: stack.amqpUrl, logger: testLogger });
  for (let i = 0; i < 3; i++) {
    const found = await deadLetters.list(10);
    expect(found).toMatchObject([
      { order, ...letter },
      { order: undefined, content: Buffer.from([0, 255]), ...letter },
    ]);
  }
  expect(await deadLetters.list(1)).toHaveLength(1);
  const handled: string[] = [];
  const take = (outcome: 'done' | 'keep') =>
    deadLetters.take(
      ({ order: held }) => held !== undefined,
      async ({ id }) => {
        handled.push(id);
        return outcome;
      },
    );
  expect(await take('keep')).toEqual({ done: 0, kept: 1 });
  await expect(
    deadLetters.take(
      () => true,
      () => Promise.reject(new Error('the publisher is away')),
    ),
  ).rejects.toThrow('the publisher is away');
  expect(await take('done')).toEqual({ done: 1, kept: 0 });
  expect(handled[0]).toBe(handled[1]);
  expect(await take('done')).toEqual({ done: 0, kept: 0 });
  expect(await deadLetters.list(10)).toHaveLength(1);
});

test('the depth tells ready from unacknowledged and counts dead letters', async () => {
  await publish(7);
  await publisher.deadLetter({
    order: undefined,
    content: Buffer.from('x'),
    reason: '',
    cause: '',
    failedAtMs: 1,
    history: [],
  });
  const { received } = await started(3);
  await received(3);
  expect(await ready()).toBe(4);
  await until('the counts', async () => {
    const depth = await readDepth(stack);
    return depth.ready === 4 && depth.unacknowledged === 3 && depth.deadLetters === 1;
  });
});

test('waiting for an empty queue does not overlook an envelope that is delivered and not acknowledged', async () => {
  await publish(1);
  const { deliveries, received } = await started(1);
  await received(1);
  const { signal } = new AbortController();
  let outcome: boolean | undefined;
  const waiting = waitUntilEmpty({ ...stack, clock: systemClock, signal }).then((empty) => {
    outcome = empty;
  });
  await until('the envelope to show', async () => (await readDepth(stack)).unacknowledged === 1);
  expect(await ready()).toBe(0);
  expect(outcome).toBeUndefined();
  deliveries[0]!.ack();
  await waiting;
  expect(outcome).toBe(true);
  expect(await readDepth(stack)).toMatchObject({ ready: 0, unacknowledged: 0 });
}, 60_000);

test('waiting for an empty queue ends with its signal', async () => {
  await publish(1);
  const stopping = new AbortController();
  const waiting = waitUntilEmpty({ ...stack, clock: systemClock, signal: stopping.signal });
  stopping.abort();
  expect(await waiting).toBe(false);
});
