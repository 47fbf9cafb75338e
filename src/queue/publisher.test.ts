import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createPassingClock } from '../platform/clock.testing.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { type PrivateBroker, startPrivateBroker, until } from './private-broker.testing.ts';
import type { Publisher } from './publisher.ts';
import { ordersQueue } from './queues.ts';
import {
  testConfirmTimeoutMs,
  testConsumer,
  testEnvelope,
  testLogger,
  testPublisher,
  transactionIds,
} from './test-orders.testing.ts';
import { declareTopology } from './topology.ts';

let broker: PrivateBroker;
let host: Awaited<ReturnType<PrivateBroker['newVhost']>>;
let open: { stop(deadlineMs: number): Promise<void> }[] = [];
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);

beforeAll(async () => {
  process.on('unhandledRejection', onUnhandled);
  broker = await startPrivateBroker();
});
afterAll(async () => {
  process.off('unhandledRejection', onUnhandled);
  await broker.stop();
});
beforeEach(async () => {
  host = await broker.newVhost();
  await declareTopology({ ...host, queueMaxBytes: 1e9, logger: testLogger });
});
afterEach(async () => {
  await Promise.all(open.map((one) => one.stop(2_000)));
  open = [];
  expect(unhandled).toEqual([]);
});

async function started(options?: Parameters<typeof testPublisher>[1]) {
  const made = testPublisher(host.amqpUrl, options);
  open.push(made.publisher);
  await made.publisher.start();
  return made;
}

/** Everything in the queue, in its order; leaves it empty. */
async function emptied(count: number): Promise<string[]> {
  const { consumer, received } = testConsumer(host.amqpUrl);
  await consumer.start();
  await consumer.resume(1_000);
  const deliveries = await received(count);
  for (const delivery of deliveries) delivery.ack();
  await consumer.stop(2_000);
  return transactionIds(deliveries);
}

const codeOf = (promise: Promise<void>) =>
  promise.then(
    () => 'confirmed',
    (error: { code: string }) => error.code,
  );

const isUp = (publisher: Publisher) => until('the publisher to be up', () => publisher.state() === 'up');

test('a confirmed envelope is on disk: it is there after the broker was killed', async () => {
  const { publisher } = await started();
  const envelopes = Array.from({ length: 50 }, () => testEnvelope(3));
  await Promise.all(envelopes.map((envelope) => publisher.publish(envelope)));
  await broker.remembersQueuesOf(host.vhost);
  await broker.kill();
  await until('the publisher to notice', () => publisher.state() === 'away');
  expect(await codeOf(publisher.publish(testEnvelope()))).toBe('queue-unavailable');
  await broker.restart();
  expect(await emptied(50)).toEqual(
    envelopes.flatMap((envelope) => envelope.orders.map((o) => o.transactionId)),
  );
  await isUp(publisher);
});

test('an envelope that the broker returns is unconfirmed, and the missing queue is declared again', async () => {
  const { publisher, states } = await started();
  await broker.api('DELETE', `/queues/${host.vhost}/${ordersQueue}`);
  expect(await codeOf(publisher.publish(testEnvelope()))).toBe('publish-unconfirmed');
  expect(states.at(-1)).toBe('breaker-open');
  await isUp(publisher);
  await publisher.publish(testEnvelope());
  expect(await emptied(1)).toHaveLength(1);
});

test('a full queue refuses, and takes envelopes again after it has drained', async () => {
  await declareTopology({ ...host, queueMaxBytes: 20_000, logger: testLogger });
  const { publisher, states } = await started();
  let outcome = 'confirmed';
  let confirmed = 0;
  while (outcome === 'confirmed' && confirmed < 1_000) {
    outcome = await codeOf(publisher.publish(testEnvelope(20)));
    if (outcome === 'confirmed') confirmed += 1;
  }
  expect(outcome).toBe('publish-unconfirmed');
  expect(publisher.state()).toBe('full');
  expect(await codeOf(publisher.publish(testEnvelope()))).toBe('queue-unavailable');
  await publisher.deadLetter({
    order: undefined,
    content: Buffer.from('x'),
    reason: 'r',
    cause: 'c',
    failedAtMs: 1,
    history: [],
  });
  expect(publisher.state()).toBe('full');
  await emptied(confirmed);
  await isUp(publisher);
  await publisher.publish(testEnvelope());
  expect(states).toEqual(['up', 'full', 'up']);
});

test('a broker without memory blocks the publisher with its next envelope; both recover', async () => {
  const { clock, pass } = createPassingClock();
  const { publisher, states } = await started({ clock });
  await publisher.publish(testEnvelope());
  await broker.ctl('set_vm_memory_high_watermark', '0.00001');
  try {
    await until('the alarm', async () =>
      ((await broker.api('GET', '/nodes')) as { mem_alarm: boolean }[]).every((node) => node.mem_alarm),
    );
    // The broker tells a connection only when it publishes, and confirms nothing until the alarm is over.
    const outcome = codeOf(publisher.publish(testEnvelope()));
    await until('the block', () => publisher.state() === 'blocked');
    pass(testConfirmTimeoutMs);
    expect(await outcome).toBe('publish-unconfirmed');
    expect(publisher.state()).toBe('blocked');
    expect(await codeOf(publisher.publish(testEnvelope()))).toBe('queue-unavailable');
  } finally {
    await broker.ctl('set_vm_memory_high_watermark', 'absolute', '2GB');
  }
  await isUp(publisher);
  await publisher.publish(testEnvelope());
  expect(states).toEqual(['up', 'blocked', 'up']);
  expect(await emptied(3)).toHaveLength(3);
});

test('a blocked publisher stops in time', async () => {
  await broker.ctl('set_vm_memory_high_watermark', '0.00001');
  const { publisher } = await started({ confirmTimeoutMs: 500 });
  try {
    await until('the block', async () => {
      await codeOf(publisher.publish(testEnvelope()));
      return publisher.state() === 'blocked';
    });
    await publisher.stop(1_000);
  } finally {
    await broker.ctl('set_vm_memory_high_watermark', 'absolute', '2GB');
  }
});

test('the breaker opens on a confirm timeout and closes by itself when the broker wakes up', async () => {
  const { clock, pass } = createPassingClock();
  const { publisher, states } = await started({ clock });
  await broker.freeze();
  try {
    const outcomes = [1, 2, 3].map(() => codeOf(publisher.publish(testEnvelope())));
    pass(testConfirmTimeoutMs);
    expect(await Promise.all(outcomes)).toEqual(Array(3).fill('publish-unconfirmed'));
    expect(publisher.state()).toBe('breaker-open');
    expect(await codeOf(publisher.publish(testEnvelope()))).toBe('queue-unavailable');
  } finally {
    broker.thaw();
  }
  await isUp(publisher);
  await publisher.publish(testEnvelope());
  expect(states).toEqual(['up', 'breaker-open', 'up']);
  // Unconfirmed in time is not lost: the reconciler may publish them again, the ledger knows them.
  expect(await emptied(4)).toHaveLength(4);
});

test('a connection that is closed fails what is in flight as unconfirmed, and comes back', async () => {
  const { publisher } = await started({ maxUnconfirmed: 10_000 });
  await broker.remembersQueuesOf(host.vhost);
  await broker.freeze();
  const outcomes = [1, 2, 3].map(() => codeOf(publisher.publish(testEnvelope())));
  await broker.kill();
  expect(await Promise.all(outcomes)).toEqual(Array(3).fill('publish-unconfirmed'));
  expect(publisher.state()).toBe('away');
  await broker.restart();
  await isUp(publisher);
  await publisher.publish(testEnvelope());
});

test('beyond the limit of unconfirmed envelopes they wait; what was never sent is refused, not unknown', async () => {
  const { publisher } = await started({ maxUnconfirmed: 5, confirmTimeoutMs: 500 });
  await broker.freeze();
  let outcomes: string[];
  try {
    outcomes = await Promise.all(Array.from({ length: 12 }, () => codeOf(publisher.publish(testEnvelope()))));
  } finally {
    broker.thaw();
  }
  expect(outcomes.filter((code) => code === 'publish-unconfirmed')).toHaveLength(5);
  expect(outcomes.filter((code) => code === 'queue-unavailable')).toHaveLength(7);
  await isUp(publisher);
  expect(await emptied(5)).toHaveLength(5);
});

test('more than the limit at once all arrive, in order', async () => {
  const { publisher } = await started({ maxUnconfirmed: 50 });
  const envelopes = Array.from({ length: 100 }, () => testEnvelope(30));
  await Promise.all(envelopes.map((envelope) => publisher.publish(envelope)));
  expect(publisher.unconfirmed()).toBe(0);
  expect(await emptied(100)).toEqual(envelopes.flatMap((e) => e.orders.map((order) => order.transactionId)));
});

test('stop waits for the confirms that are under way', async () => {
  const { publisher } = await started();
  const outcomes = Array.from({ length: 80 }, () => codeOf(publisher.publish(testEnvelope())));
  await publisher.stop(20_000);
  expect(await Promise.all(outcomes)).toEqual(Array(80).fill('confirmed'));
  expect(await codeOf(publisher.publish(testEnvelope()))).toBe('queue-unavailable');
});

test('stop ends in time while the broker is frozen', async () => {
  const { publisher } = await started({ confirmTimeoutMs: 60_000 });
  await broker.freeze();
  try {
    const outcome = codeOf(publisher.publish(testEnvelope()));
    await publisher.stop(300);
    expect(await outcome).toBe('publish-unconfirmed');
  } finally {
    broker.thaw();
  }
});

test('start waits for a broker that is away, and stop ends the waiting', async () => {
  const { publisher } = testPublisher('amqp://127.0.0.1:1');
  const starting = publisher.start();
  expect(publisher.state()).toBe('away');
  await publisher.stop(1_000);
  await starting;
});

test('a clock that is set back keeps no confirm timeout from those after it', async () => {
  let shiftMs = 0;
  const clock: Clock = { ...systemClock, nowMs: () => Date.now() + shiftMs };
  const { publisher } = await started({ confirmTimeoutMs: 300, clock });
  await broker.freeze();
  try {
    const first = codeOf(publisher.publish(testEnvelope()));
    shiftMs = -3_600_000;
    expect(await first).toBe('publish-unconfirmed');
  } finally {
    broker.thaw();
  }
  await isUp(publisher);
});
