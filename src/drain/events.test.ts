// biome-ignore lint/style/noRestrictedImports: a subscriber is no part of Sluice, and has a client of its own.
import { connect } from 'amqplib';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { deadLettersOf } from '../../test/faults/dead-letter-tools.ts';
import { post } from '../../test/support/http.ts';
import { createRig, newOrder, type Rig, type RunningRole } from '../../test/support/rig.ts';
import { createValve } from '../../test/support/valve.ts';
import { until } from '../../test/support/wait.ts';
import { decodeEvents, type OrderEvent } from '../order/events.ts';
import type { ClaimedOrder } from '../order/order.ts';

/** A message as a subscriber sees it. */
interface Heard {
  readonly routingKey: string;
  readonly contentType: string;
  readonly persistent: boolean;
  readonly events: readonly OrderEvent[];
}

let rig: Rig;
let subscriber: Awaited<ReturnType<typeof connect>>;
const heard: Heard[] = [];
const running: RunningRole[] = [];

beforeAll(async () => {
  rig = await createRig();
  subscriber = await connect(rig.stack.amqpUrl);
  subscriber.on('error', () => undefined);
  const channel = await subscriber.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, 'sluice.events', 'orders.*');
  await channel.consume(
    queue,
    (message) => {
      const { events, unreadable } = decodeEvents(message!.content);
      expect(unreadable).toEqual([]);
      heard.push({
        routingKey: message!.fields.routingKey,
        contentType: message!.properties.contentType,
        persistent: message!.properties.deliveryMode === 2,
        events,
      });
    },
    { noAck: true },
  );
});
afterAll(async () => {
  await subscriber?.close();
  await rig?.close();
});
afterEach(() => Promise.all(running.splice(0).map((role) => role.stop())));

async function drainer(...options: Parameters<Rig['drainer']>): Promise<RunningRole> {
  const one = await rig.drainer(...options);
  running.push(one);
  return one;
}

const eventsOf = (saleId: string) =>
  heard.flatMap(({ events }) => events).filter(({ data }) => data.saleId === saleId);
const idsOf = (saleId: string) => new Set(eventsOf(saleId).map(({ id }) => id));
const untilHeard = (saleId: string, events: number) =>
  until(() => idsOf(saleId).size >= events, {
    deadlineMs: 20_000,
    what: `${events} events of ${saleId}`,
  });

async function queued(saleId: string, orders: number): Promise<ClaimedOrder[]> {
  const claimed = await rig.claimed(saleId, 'sku', orders);
  await rig.publisher.publish({ saleId, orders: claimed });
  return claimed;
}

it('each batch is announced: one persistent message of CloudEvents per outcome, an event per order', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  await rig.db.query('UPDATE sale_items SET stock_left = 6, stock_initial = 6 WHERE sale_id = $1', [saleId]);
  const orders = await queued(saleId, 10);
  await drainer();
  await untilHeard(saleId, 10);
  const messages = heard.filter(({ events }) => events.some(({ data }) => data.saleId === saleId));
  expect(messages.map(({ routingKey, events }) => [routingKey, events.length]).sort()).toEqual([
    ['orders.confirmed', 6],
    ['orders.rejected', 4],
  ]);
  for (const message of messages) {
    expect(message).toMatchObject({
      contentType: 'application/cloudevents-batch+json',
      persistent: true,
    });
  }
  const [first] = orders as [ClaimedOrder];
  const [row] = await rig.ledger.find(saleId, [first.transactionId]);
  expect(eventsOf(saleId).find(({ subject }) => subject === first.transactionId)).toEqual({
    specversion: '1.0',
    id: `${saleId}/${first.transactionId}/confirmed`,
    source: `/sales/${saleId}`,
    type: 'sluice.order.confirmed',
    subject: first.transactionId,
    time: new Date(row!.settledAtMs).toISOString(),
    data: {
      saleId,
      transactionId: first.transactionId,
      sku: 'sku',
      quantity: 1,
      customerId: first.customerId,
      status: 'confirmed',
      sequence: first.sequence,
      acceptedAt: new Date(first.claimedAtMs).toISOString(),
      settledAt: new Date(row!.settledAtMs).toISOString(),
    },
  });
  expect(eventsOf(saleId).find(({ data }) => data.status === 'rejected')!.data.reason).toBe('sold-out');
});

it('batches that follow each other closely go in one message, each event once', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 1_000 }]);
  await queued(saleId, 400);
  await rig.ledger.setCap(400, 'test');
  await drainer();
  await untilHeard(saleId, 400);
  const { rows } = await rig.db.query('SELECT DISTINCT settled_at FROM orders WHERE sale_id = $1', [saleId]);
  const messages = heard.filter(({ events }) => events.some(({ data }) => data.saleId === saleId));
  expect(rows.length).toBeGreaterThanOrEqual(20);
  expect(messages.length).toBeLessThan(rows.length);
  expect(eventsOf(saleId)).toHaveLength(400);
  await rig.ledger.setCap(2_000, 'test');
});

it('what comes again is announced again, as it stands in the ledger', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  const [order] = (await queued(saleId, 1)) as [ClaimedOrder];
  const one = await drainer();
  await untilHeard(saleId, 1);
  // The same transaction ID asks for something else now: it is still the first order.
  await rig.publisher.publish({ saleId, orders: [{ ...order, quantity: 5, customerId: 'somebody-else' }] });
  await until(() => eventsOf(saleId).length === 2, { deadlineMs: 20_000, what: 'the event again' });
  const [first, again] = eventsOf(saleId);
  expect(again).toEqual(first);
  expect(await one.metric('sluice_events_published_total', { outcome: 'confirmed' })).toBe(2);
});

it('nothing is acknowledged before its events are confirmed', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  // A queue that refuses what it is sent, so that the exchange's confirm is a refusal too.
  const model = await connect(rig.stack.amqpUrl);
  const channel = await model.createChannel();
  const { queue } = await channel.assertQueue('', {
    exclusive: true,
    arguments: { 'x-max-length': 0, 'x-overflow': 'reject-publish' },
  });
  await channel.bindQueue(queue, 'sluice.events', 'orders.*');
  await queued(saleId, 5);
  const one = await drainer();
  await until(async () => (await rig.counts(saleId)).confirmed === 5, {
    deadlineMs: 20_000,
    what: 'the commit',
  });
  await until(async () => (await rig.claims.counters(saleId))!.settled === 5, {
    deadlineMs: 20_000,
    what: 'the claims to be settled, which does not wait for events',
  });
  await until(() => eventsOf(saleId).length >= 10, {
    deadlineMs: 20_000,
    what: 'the publish to be repeated',
  });
  await one.stop(2_000);
  expect(await rig.ready(), 'the envelope is in the queue again').toBe(1);

  await model.close();
  await drainer();
  await until(async () => (await rig.ready()) === 0, {
    deadlineMs: 20_000,
    what: 'the envelope to be taken',
  });
  await until(() => running[1]!.metric('sluice_events_published_total').then((n) => n >= 5), {
    deadlineMs: 20_000,
    what: 'the events to be confirmed',
  });
});

it('a broker that was away gets every event when it is back', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 400 }]);
  const valve = await createValve(rig.stack.amqpUrl);
  try {
    await rig.ledger.setCap(400, 'configured');
    await drainer({}, { target: { amqpUrl: valve.url } });
    for (let i = 0; i < 20; i++) await queued(saleId, 20);
    await untilHeard(saleId, 20);
    valve.cut();
    valve.mend();
    await untilHeard(saleId, 400);
    expect(await rig.counts(saleId)).toMatchObject({ confirmed: 400, stockLeft: 0 });
  } finally {
    await rig.ledger.setCap(2_000, 'configured');
    await Promise.all(running.splice(0).map((role) => role.stop()));
    await valve.close();
  }
});

it('a failed order is announced as failed, and after its redrive as confirmed', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  await rig.db.query(
    `ALTER TABLE orders ADD CONSTRAINT no_one CHECK (sale_id <> '${saleId}' OR status = 'failed')`,
  );
  const [order] = (await queued(saleId, 1)) as [ClaimedOrder];
  await drainer();
  await untilHeard(saleId, 1);
  await until(async () => (await rig.ready('sluice.orders.dead')) === 1, {
    deadlineMs: 20_000,
    what: 'the dead letter',
  });
  await rig.db.query('ALTER TABLE orders DROP CONSTRAINT no_one');
  const { letters } = await deadLettersOf(rig).redrive({ saleId });
  expect(letters).toMatchObject([{ outcome: 'confirmed' }]);
  await untilHeard(saleId, 2);
  expect([...idsOf(saleId)]).toEqual([
    `${saleId}/${order.transactionId}/failed`,
    `${saleId}/${order.transactionId}/confirmed`,
  ]);
});

it('a purged order is announced as failed for good', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  const [order] = await rig.claimed(saleId, 'sku', 1);
  await rig.publisher.publish({ saleId, orders: [{ ...order!, quantity: 0 }] });
  await drainer();
  await untilHeard(saleId, 1);
  await until(async () => (await rig.ready('sluice.orders.dead')) === 1, {
    deadlineMs: 20_000,
    what: 'the dead letter',
  });
  await deadLettersOf(rig).purge({ saleId });
  await until(() => eventsOf(saleId).at(-1)?.data.reason === 'purged', {
    deadlineMs: 20_000,
    what: 'the event',
  });
  expect(idsOf(saleId).size).toBe(1);
});

it('with EVENTS off nobody is told, and orders are settled all the same', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  await queued(saleId, 5);
  const quiet = await drainer({ EVENTS: 'off' });
  await until(async () => (await rig.claims.counters(saleId))!.settled === 5, {
    deadlineMs: 20_000,
    what: 'the orders to be settled',
  });
  await quiet.stop();
  expect(await rig.ready()).toBe(0);
  const other = await rig.sale([{ sku: 'sku', stock: 10 }]);
  await queued(other, 1);
  await drainer();
  await untilHeard(other, 1);
  expect(eventsOf(saleId)).toEqual([]);
});

it('the trace context of a request reaches its event; a malformed one is ignored', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  const gateway = await rig.gateway();
  running.push(gateway);
  await drainer();
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const [traced, plain, malformed] = [1, 2, 3].map(() => newOrder({ sku: 'sku' }));
  await until(async () => (await post(gateway.url, saleId, plain!)).status < 300, {
    deadlineMs: 10_000,
    what: 'the gateway to take orders',
  });
  expect((await post(gateway.url, saleId, traced!, { traceparent })).status).toBe(202);
  expect((await post(gateway.url, saleId, malformed!, { traceparent: `${traceparent}"` })).status).toBe(202);
  await untilHeard(saleId, 3);
  const traceOf = (order: { transactionId: string } | undefined) =>
    eventsOf(saleId).find(({ subject }) => subject === order!.transactionId)!.traceparent;
  expect([traced, plain, malformed].map(traceOf)).toEqual([traceparent, undefined, undefined]);
});
