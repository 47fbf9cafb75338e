import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createRig, type Rig, type RunningRole } from '../../test/support/rig.ts';
import { createValve, type Valve } from '../../test/support/valve.ts';
import { until } from '../../test/support/wait.ts';
import type { ClaimedOrder } from '../order/order.ts';
import { systemClock } from '../platform/clock.ts';
import { createDrainMetrics, createRegistry } from '../platform/metrics.ts';
import { createDrainer } from './drainer.ts';

let rig: Rig;
const drainers: RunningRole[] = [];
const valves: Valve[] = [];

beforeAll(async () => {
  rig = await createRig();
});
afterAll(async () => {
  await rig.close();
  await Promise.all(valves.map((valve) => valve.close()));
});
afterEach(async () => {
  await Promise.all(drainers.splice(0).map((drainer) => drainer.stop()));
  await rig.ledger.setPaused(false);
  await rig.ledger.setCap(2_000, 'configured');
});

async function drainer(options: Parameters<Rig['drainer']>[1] = {}, environment = {}): Promise<RunningRole> {
  const one = await rig.drainer(environment, options);
  drainers.push(one);
  return one;
}

async function valveTo(url: string): Promise<Valve> {
  const valve = await createValve(url);
  valves.push(valve);
  return valve;
}

/** Claims and publishes orders, in envelopes of this size. */
async function queued(saleId: string, orders: number, perEnvelope = 10): Promise<ClaimedOrder[]> {
  const all = await rig.claimed(saleId, 'sku', orders);
  for (let i = 0; i < orders; i += perEnvelope) {
    await rig.publisher.publish({ saleId, orders: all.slice(i, i + perEnvelope) });
  }
  return all;
}

const untilConfirmed = (saleId: string, orders: number) =>
  until(async () => (await rig.counts(saleId)).confirmed === orders, {
    deadlineMs: 15_000,
    what: `${orders} orders in the ledger`,
  });
const untilSettled = (saleId: string, orders: number) =>
  until(async () => (await rig.claims.counters(saleId))!.settled === orders, {
    deadlineMs: 15_000,
    what: `${orders} claims to be settled`,
  });
const untilReady = (envelopes: number) =>
  until(async () => (await rig.ready()) === envelopes, {
    deadlineMs: 10_000,
    what: `${envelopes} envelopes in the queue`,
  });

it('what is in the queue ends in the ledger, its claims settled, the queue empty', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 300 }]);
  await queued(saleId, 230, 7);
  const one = await drainer();
  await untilConfirmed(saleId, 230);
  await untilSettled(saleId, 230);
  expect(await rig.counts(saleId)).toMatchObject({ confirmed: 230, stockLeft: 70 });
  expect((await rig.claims.counters(saleId))!.items).toMatchObject([{ sku: 'sku', left: 70, claimed: 0 }]);
  expect(await one.metric('sluice_drained_orders_total', { outcome: 'confirmed' })).toBe(230);
  await one.stop();
  await untilReady(0);
});

it('an envelope that comes again does not sell twice', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 100 }]);
  const orders = await queued(saleId, 20);
  await rig.publisher.publish({ saleId, orders });
  await rig.publisher.publish({ saleId, orders: [...orders].reverse() });
  const one = await drainer();
  await untilConfirmed(saleId, 20);
  await rig.publisher.publish({ saleId, orders });
  const last = await queued(saleId, 1);
  await until(async () => (await rig.ledger.find(saleId, [last[0]!.transactionId])).length, {
    deadlineMs: 5_000,
    what: 'the order behind the twins',
  });
  expect(await rig.counts(saleId)).toMatchObject({ confirmed: 21, stockLeft: 79 });
  expect(await one.metric('sluice_drained_orders_total', { outcome: 'confirmed' })).toBe(21);
});

it('one bad order harms nobody else: it is dead-lettered with its reason, recorded, and settled', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 100 }]);
  const orders = await rig.claimed(saleId, 'sku', 9);
  const bad = orders[4]!;
  await rig.publisher.publish({
    saleId,
    orders: orders.map((order) => (order === bad ? { ...order, quantity: 0 } : order)),
  });
  await drainer();
  await untilConfirmed(saleId, 8);
  await untilSettled(saleId, 9);
  expect(await rig.counts(saleId)).toMatchObject({ confirmed: 8, failed: 1, stockLeft: 92 });
  const [view] = await rig.claims.read(saleId, [bad.transactionId]);
  expect(view).toMatchObject({ status: 'failed', reason: 'dead-lettered' });
  const letters = await rig.deadLetters.list(10);
  const letter = letters.find((one) => one.order?.transactionId === bad.transactionId)!;
  expect(letter.order).toMatchObject({ saleId, quantity: 0 });
  expect(letter.reason).toBe('the order cannot be written');
  expect(letter.cause).toContain('23514');
  expect(letter.history.length).toBeGreaterThanOrEqual(3);
});

it('a message that is no envelope is dead-lettered, and the next one is drained', async () => {
  await rig.inject(['no envelope at all']);
  const saleId = await rig.sale([{ sku: 'sku', stock: 5 }]);
  await queued(saleId, 5);
  await drainer();
  await untilConfirmed(saleId, 5);
  await until(
    async () =>
      (await rig.deadLetters.list(10)).some((letter) => letter.content?.toString() === 'no envelope at all'),
    { deadlineMs: 5_000, what: 'the dead letter' },
  );
});

it('Redis away at settling: the order is in the ledger and acknowledged, and nobody waits for it', async () => {
  const valve = await valveTo(rig.stack.redisUrl);
  const saleId = await rig.sale([{ sku: 'sku', stock: 50 }]);
  const one = await drainer({ target: { redisUrl: valve.url } }, { CLAIM_TIMEOUT_MS: '300' });
  valve.cut();
  await queued(saleId, 20);
  await untilConfirmed(saleId, 20);
  await until(() => one.metric('sluice_settle_failures_total').then((n) => n === 20), {
    deadlineMs: 5_000,
    what: 'the settling to be given up',
  });
  expect((await rig.claims.counters(saleId))!.settled).toBe(0);
  await one.stop();
  await untilReady(0);
});

it('a drainer that loses the broker goes on when it is back, and nothing is doubled', async () => {
  const valve = await valveTo(rig.stack.amqpUrl);
  const saleId = await rig.sale([{ sku: 'sku', stock: 500 }]);
  await rig.ledger.setCap(400, 'configured');
  await drainer({ target: { amqpUrl: valve.url } });
  await queued(saleId, 300, 3);
  await until(async () => (await rig.counts(saleId)).confirmed >= 30, { deadlineMs: 5_000, what: 'a start' });
  valve.cut();
  valve.mend();
  await rig.ledger.setCap(2_000, 'configured');
  await untilConfirmed(saleId, 300);
  await untilSettled(saleId, 300);
  expect((await rig.counts(saleId)).stockLeft).toBe(200);
  await untilReady(0);
});

it('what is not committed is not acknowledged: another drainer gets it', async () => {
  const valve = await valveTo(rig.stack.amqpUrl);
  const saleId = await rig.sale([{ sku: 'sku', stock: 50 }]);
  // Somebody else has the cap's lock: the first batch cannot be written.
  await rig.db.query('BEGIN');
  try {
    await rig.db.query('SELECT FROM drain_cap FOR UPDATE');
    await queued(saleId, 20, 2);
    await drainer({ target: { amqpUrl: valve.url } });
    await untilReady(0);
    await until(
      async () => {
        const { rows } = await rig.db.query('SELECT FROM pg_locks WHERE NOT granted');
        return rows.length > 0;
      },
      { deadlineMs: 10_000, what: 'a batch that waits for the lock' },
    );
    // What is in hand comes back, as it does when a drainer dies; none of it had been acknowledged.
    valve.cut();
    await untilReady(10);
  } finally {
    await rig.db.query('ROLLBACK');
  }
  valve.mend();
  await untilConfirmed(saleId, 20);
  await untilSettled(saleId, 20);
});

it('a drainer that stood still while another did its work does no harm when it goes on', async () => {
  const [broker, database] = await Promise.all([valveTo(rig.stack.amqpUrl), valveTo(rig.stack.databaseUrl)]);
  const saleId = await rig.sale([{ sku: 'sku', stock: 50 }]);
  const frozen = await drainer({ target: { amqpUrl: broker.url, databaseUrl: database.url } });
  await queued(saleId, 2);
  await untilSettled(saleId, 2);
  // It has committed a batch and does not know it; its deliveries come again elsewhere.
  database.hold();
  await queued(saleId, 20, 2);
  await until(async () => (await rig.counts(saleId)).confirmed > 2, { deadlineMs: 10_000, what: 'a commit' });
  broker.cut();
  const other = await drainer();
  await untilSettled(saleId, 22);
  await other.stop();
  database.release();
  broker.mend();
  await queued(saleId, 3, 1);
  await untilSettled(saleId, 25);
  await untilReady(0);
  expect(await rig.counts(saleId)).toMatchObject({ confirmed: 25, stockLeft: 25 });
  expect((await rig.claims.counters(saleId))!.items).toMatchObject([{ left: 25, claimed: 0 }]);
  expect(frozen.faults).toEqual([]);
});

it('a drainer told to stop in mid-batch writes what it holds, and nothing has to be delivered again', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 2_000 }]);
  // So slow that a busy machine may take seconds to stop it, and most orders still wait.
  await rig.ledger.setCap(100, 'configured');
  const faults: unknown[] = [];
  // Counted here: the broker flags as redelivered what it set aside for a consumer and never sent, too.
  let delivered = 0;
  let acknowledged = 0;
  const one = createDrainer({
    createConsumer: (handlers) =>
      rig.consumer({
        ...handlers,
        onDelivery(delivery) {
          delivered += 1;
          const ack = () => {
            acknowledged += 1;
            delivery.ack();
          };
          handlers.onDelivery({ ...delivery, ack });
        },
      }),
    ledger: rig.ledger,
    claims: rig.claims,
    deadLetters: { deadLetter: () => Promise.reject(new Error('no order of this test is bad')) },
    events: undefined,
    metrics: createDrainMetrics(createRegistry()),
    clock: systemClock,
    logger: rig.logger,
    hitFailpoint: () => undefined,
    onFatal: (error) => faults.push(error),
    options: { batchMaxAgeMs: 5, prefetchEnvelopes: 0 },
  });
  await one.start();
  await queued(saleId, 600, 3);
  await until(async () => (await rig.counts(saleId)).confirmed >= 30, {
    deadlineMs: 20_000,
    what: 'a start',
  });
  const inHand = delivered - acknowledged;
  await one.stop(20_000);
  expect(faults).toEqual([]);
  expect(inHand).toBeGreaterThan(0);
  expect(delivered - acknowledged).toBe(0);
  expect((await rig.counts(saleId)).confirmed).toBe(delivered * 3);
  await rig.manage('DELETE', `/queues/${rig.stack.vhost}/sluice.orders/contents`);
});

it('a stock that was smaller than Redis thought is never oversold', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  await rig.db.query('UPDATE sale_items SET stock_left = 6, stock_initial = 6 WHERE sale_id = $1', [saleId]);
  await queued(saleId, 10, 3);
  await drainer();
  await untilSettled(saleId, 10);
  expect(await rig.counts(saleId)).toMatchObject({ confirmed: 6, rejected: 4, stockLeft: 0 });
});
