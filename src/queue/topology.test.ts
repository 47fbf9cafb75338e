import { connect } from 'amqplib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStack, type Stack } from '../../test/support/stack.ts';
import { virtualHost } from './management.ts';
import { until } from './private-broker.testing.ts';
import { ordersQueue } from './queues.ts';
import { testLogger } from './test-orders.testing.ts';
import { declareTopology } from './topology.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await createStack();
});
afterAll(() => stack.close());

const declare = (options: Partial<Parameters<typeof declareTopology>[0]> = {}) =>
  declareTopology({ ...stack, queueMaxBytes: 1_000_000, logger: testLogger, ...options });

async function queue(name: string): Promise<Record<string, unknown>> {
  const { origin } = new URL(stack.amqpManagementUrl);
  const response = await fetch(`${origin}/api/queues/${stack.vhost}/${name}`, {
    headers: { authorization: `Basic ${btoa('guest:guest')}` },
  });
  return (await response.json()) as Record<string, unknown>;
}

test('a management API that is away or refuses is told apart, and nothing is declared', async () => {
  await expect(declare({ amqpManagementUrl: 'http://127.0.0.1:1' })).rejects.toMatchObject({
    code: 'management-away',
  });
  const { host } = new URL(stack.amqpManagementUrl);
  await expect(declare({ amqpManagementUrl: `http://guest:wrong@${host}` })).rejects.toMatchObject({
    code: 'management-refused',
  });
  expect(await queue(ordersQueue)).toMatchObject({ error: 'Object Not Found' });
});

test('a broker that is away on AMQP is told', async () => {
  await expect(declare({ amqpUrl: `amqp://127.0.0.1:1/${stack.vhost}` })).rejects.toMatchObject({
    code: 'broker-away',
  });
});

test('a queue of another type under our name is a conflict', async () => {
  const connection = await connect(stack.amqpUrl);
  const channel = await connection.createChannel();
  await channel.assertQueue(ordersQueue, { durable: true });
  await expect(declare()).rejects.toMatchObject({ code: 'topology-conflict' });
  await channel.deleteQueue(ordersQueue);
  await connection.close();
});

test('declaring again changes the limit of the queue that is there', async () => {
  await declare();
  await declare({ queueMaxBytes: 2_000_000 });
  await until('the new limit to be in force', async () => {
    const { effective_policy_definition: policy } = await queue(ordersQueue);
    return (policy as Record<string, unknown> | undefined)?.['max-length-bytes'] === 2_000_000;
  });
  expect(await queue(ordersQueue)).toMatchObject({
    type: 'quorum',
    durable: true,
    arguments: { 'x-queue-type': 'quorum' },
    effective_policy_definition: { overflow: 'reject-publish', 'delivery-limit': 1_000_000 },
  });
});

test('the virtual host is read as amqplib reads it', () => {
  expect(virtualHost('amqp://h')).toBe('/');
  expect(virtualHost('amqp://h/')).toBe('/');
  expect(virtualHost('amqp://h/%2F')).toBe('/');
  expect(virtualHost('amqp://u:p@h:1/my%20shop?heartbeat=5')).toBe('my shop');
});
