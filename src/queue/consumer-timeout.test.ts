import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PrivateBroker, startPrivateBroker } from './private-broker.testing.ts';
import {
  testConsumer,
  testEnvelope,
  testLogger,
  testPublisher,
  transactionIds,
} from './test-orders.testing.ts';
import { declareTopology } from './topology.ts';

let broker: PrivateBroker;
beforeAll(async () => {
  broker = await startPrivateBroker();
});
afterAll(() => broker.stop());

test('a channel that the broker closes for its consumer timeout is replaced; what was in hand comes again', async () => {
  await declareTopology({ ...broker, queueMaxBytes: 1e9, logger: testLogger });
  const { publisher } = testPublisher(broker.amqpUrl);
  await publisher.start();
  const envelopes = [testEnvelope(), testEnvelope()];
  for (const envelope of envelopes) await publisher.publish(envelope);
  await broker.ctl('eval', 'application:set_env(rabbit, channel_tick_interval, 100).');
  await broker.ctl('eval', 'application:set_env(rabbit, consumer_timeout, 300).');
  const { consumer, deliveries, lost, received } = testConsumer(broker.amqpUrl);
  await consumer.start();
  await consumer.resume(10);
  await received(4);
  await broker.ctl('eval', 'application:set_env(rabbit, consumer_timeout, 1800000).');
  const newest = transactionIds(deliveries.slice(-2));
  expect(newest).toEqual(
    envelopes.flatMap((envelope) => envelope.orders.map((order) => order.transactionId)),
  );
  expect(lost[0]).toBe(deliveries[0]!.channelGeneration);
  await consumer.stop(2_000);
  await publisher.stop(2_000);
});
