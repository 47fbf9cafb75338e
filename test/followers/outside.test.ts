import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'amqplib';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { announce, settledOrders } from '../../src/events/follower.testing.ts';
import { createRig, type Rig, type RunningRole } from '../support/rig.ts';
import { until } from '../support/wait.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Webhooks and the bridge as the follower role runs them. */
let rig: Rig;
const cleanUp: (() => unknown)[] = [];
const deadlineMs = 30_000;

beforeAll(async () => {
  rig = await createRig({ FOLLOWER_RETRY_MS: '100' });
});
afterAll(() => rig?.close());
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

/** A system that answers as told, and the IDs of the events it was sent, in order. */
async function system(answer: (eventId: string, times: number) => number) {
  const got: string[] = [];
  const server = createServer((request, response) => {
    const id = String(request.headers['webhook-id']);
    got.push(id);
    const status = answer(id, got.filter((one) => one === id).length);
    request.resume().once('end', () => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { got, port: (server.address() as AddressInfo).port };
}

async function webhook(name: string, port: number): Promise<RunningRole> {
  const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
  const role = await rig.follower(`webhook-${name}`, {
    WEBHOOK_TARGETS: `${name}=http://127.0.0.1:${port}/#${secret}`,
  });
  cleanUp.push(() => role.stop());
  return role;
}

it('a webhook that fails is posted again after a pause, and given up at last', async () => {
  const orders = settledOrders(3);
  const hopeless = orders[2]!.order.transactionId;
  const { got, port } = await system((id, times) => (id.includes(hopeless) || times < 3 ? 500 : 204));
  const role = await webhook('again', port);
  await announce(rig, orders);
  await until(() => rig.ready('sluice.follower.webhook-again.dead').then((letters) => letters === 1), {
    deadlineMs,
    what: 'the dead letter',
  });
  await until(() => role.metric('sluice_follower_handled_total').then((handled) => handled === 2), {
    deadlineMs,
    what: 'the other two',
  });
  expect(got).toHaveLength(9);
});

it('an order whose ID no ledger can hold is set aside by a webhook, and the orders beside it are posted', async () => {
  const { got, port } = await system(() => 204);
  await webhook('unfit', port);
  const drainer = await rig.drainer();
  cleanUp.push(() => drainer.stop());
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  const [first, second, third] = await rig.claimed(saleId, 'sku', 3);
  const orders = [first!, { ...second!, transactionId: 'nul\u0000byte' }, third!];
  await rig.publisher.publish({ saleId, orders });
  const letters = rig.eventLetters('webhook-unfit');
  const [letter] = await until(async () => (await letters.list(10)).length === 1 && letters.list(10), {
    deadlineMs,
    what: 'the dead letter',
  });
  expect(letter!.event!.data).toMatchObject({ transactionId: 'nul\u0000byte', status: 'failed' });
  expect(letter).toMatchObject({
    reason: 'it can never be handled',
    cause: expect.stringContaining('invalid byte sequence'),
  });
  await until(() => got.length >= 2, { deadlineMs, what: 'the other two' });
  const confirmed = [first!, third!].map(({ transactionId }) => `${saleId}/${transactionId}/confirmed`);
  expect([...got].sort()).toEqual(confirmed.sort());
});

it('a target that answers 410 is switched off and reported, and its events wait', async () => {
  const { got, port } = await system(() => 410);
  const role = await webhook('gone', port);
  await announce(rig, settledOrders(1));
  await until(() => role.metric('sluice_follower_switched_off').then((off) => off === 1), {
    deadlineMs,
    what: 'the report',
  });
  await announce(rig, settledOrders(20));
  await until(() => role.metric('sluice_follower_held').then((held) => held === 1), {
    deadlineMs,
    what: 'the hold',
  });
  await role.stop();
  expect(got).toHaveLength(1);
  await until(() => rig.ready('sluice.follower.webhook-gone').then((waiting) => waiting === 2), {
    deadlineMs,
    what: 'its events to wait',
  });
});

it('the bridge publishes each event by itself, on an exchange that it declares', async () => {
  const role = await rig.follower('bridge', { EVENT_BRIDGE: 'on', EVENT_BRIDGE_EXCHANGE: 'sluice.bridge' });
  cleanUp.push(() => role.stop());
  const model = await connect(rig.stack.amqpUrl);
  cleanUp.push(() => model.close());
  const channel = await model.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, 'sluice.bridge', 'order.*');
  const got: string[] = [];
  await channel.consume(
    queue,
    (message) => {
      const { data } = JSON.parse(message!.content.toString());
      got.push(`${message!.fields.routingKey} ${message!.properties.contentType} ${data.transactionId}`);
    },
    { noAck: true },
  );
  const confirmed = settledOrders(5);
  const rejected = settledOrders(2, { status: 'rejected', reason: 'sold-out' });
  await announce(rig, confirmed);
  await announce(rig, rejected);
  await until(() => got.length >= 7, { deadlineMs, what: 'the single events' });
  const line = ({ status, order }: (typeof confirmed)[number]) =>
    `order.${status} application/cloudevents+json ${order.transactionId}`;
  expect(got.sort()).toEqual([...confirmed, ...rejected].map(line).sort());
  const { rows } = await rig.db.query("SELECT 1 FROM follower_events WHERE follower = 'bridge'");
  expect(rows).toEqual([]);
});
