import { expect, test } from 'vitest';
import { until } from './private-broker.testing.ts';
import { ordersQueue } from './queues.ts';
import { transactionIds } from './test-orders.testing.ts';
import { useTestQueue } from './test-queue.testing.ts';

const { stack, publisher, channel, started, publish, ready } = useTestQueue();

async function manage(method: string, path: string): Promise<unknown> {
  const url = new URL(stack().amqpManagementUrl);
  const response = await fetch(`${url.origin}/api${path}`, {
    method,
    headers: { authorization: `Basic ${btoa('guest:guest')}` },
  });
  return response.status === 200 ? response.json() : undefined;
}

/** Closes the connection of this virtual host's consumer, as an operator would. */
async function closeConsumerConnection(): Promise<void> {
  await until('the management API to know the connection', async () => {
    const connections = (await manage('GET', `/vhosts/${stack().vhost}/connections`)) as {
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
  await channel().deleteQueue(ordersQueue);
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
  channel().sendToQueue(ordersQueue, Buffer.from('{"v":99}'));
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
  for (let i = 0; i < 5; i++) await publisher().publish({ saleId: 'probe', orders: [] });
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
