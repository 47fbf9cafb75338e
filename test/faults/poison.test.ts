import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createDrainer } from '../../src/drain/drainer.ts';
import type { ClaimedOrder } from '../../src/order/order.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createDrainMetrics, createRegistry } from '../../src/platform/metrics.ts';
import { createConsumer } from '../../src/queue/consumer.ts';
import { get } from '../support/http.ts';
import { createRig, newOrder, type Rig, type RunningRole } from '../support/rig.ts';
import { createValve } from '../support/valve.ts';
import { until } from '../support/wait.ts';
import { deadLettersOf, giveBack, rowOf, statusOf, stockOf, untilLetters } from './dead-letter-tools.ts';

let rig: Rig;
let drainer: RunningRole | undefined;

beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());
afterEach(async () => {
  await drainer?.stop();
  drainer = undefined;
  await rig.db.query('DROP TRIGGER IF EXISTS refuse ON orders');
  await deadLettersOf(rig).purge({});
});

const untilSettled = (saleId: string, orders: number) =>
  until(async () => (await rig.claims.counters(saleId))!.settled === orders, {
    deadlineMs: 15_000,
    what: `${orders} claims to be settled`,
  });

const envelope = (saleId: string, rows: unknown[][]) => JSON.stringify({ v: 1, sale: saleId, orders: rows });

it('orders with numbers that no table can hold fail alone, and keep the stock of their claims', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 50 }]);
  const orders = await rig.claimed(saleId, 'sku', 12);
  const wrong = [
    { quantity: 0 },
    { quantity: 5_000 },
    { quantity: 2 ** 40 },
    { claimedAtMs: 1e300 },
    { sequence: 1e30 },
    { customerId: 'nul\u0000byte' },
  ];
  await rig.publisher.publish({ saleId, orders: orders.map((order, i) => ({ ...order, ...wrong[i - 3] })) });
  drainer = await rig.drainer();
  await untilSettled(saleId, 12);
  const letters = await untilLetters(rig, 6);
  expect(drainer.faults).toEqual([]);
  for (const [i, order] of orders.entries()) {
    const isWrong = wrong[i - 3] !== undefined;
    expect(await statusOf(rig, order)).toEqual(
      isWrong ? ['failed', 'dead-lettered'] : ['confirmed', undefined],
    );
  }
  for (const letter of letters) {
    expect(letter.reason).toBe('the order cannot be written');
    expect(letter.cause).toMatch(/SQLSTATE 2/);
    expect(letter.history).toHaveLength(3);
  }
  expect(await stockOf(rig, saleId)).toEqual({ left: 38, held: 6, ledger: 44 });
});

it('an order that came without a claim fails visibly: its shopper can ask for it', async () => {
  const gateway = await rig.gateway();
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  const { transactionId } = newOrder({ sku: 'sku' });
  const now = Date.now();
  await rig.inject([envelope(saleId, [[transactionId, 'sku', 5_000, 'customer', 1, now]])]);
  drainer = await rig.drainer();
  await untilLetters(rig, 1);
  const answer = await until(
    async () => {
      const asked = await get(`${gateway.url}/sales/${saleId}/orders/${transactionId}`);
      return asked.status === 200 && asked;
    },
    { deadlineMs: 5_000, what: 'the status' },
  );
  expect(answer.body).toMatchObject({ status: 'failed', reason: 'dead-lettered' });
  expect(await stockOf(rig, saleId)).toEqual({ left: 10, held: 0, ledger: 10 });
});

it('messages that cannot be decoded are set aside byte by byte, and those behind them are drained', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  const row = ['transaction', 'sku', 1, 'customer', 1, 1];
  const garbage = [
    'no envelope',
    '',
    'null',
    '{"v":2,"sale":"s","orders":[]}',
    '{"v":{"toString":1,"valueOf":1}}',
    envelope(saleId, [row.slice(1)]),
    envelope(saleId, [[...row.slice(0, 2), '1', ...row.slice(3)]]),
    Buffer.from([0xff, 0x00, 0xfe]),
  ];
  await rig.inject(garbage);
  const orders = await rig.claimed(saleId, 'sku', 3);
  await rig.publisher.publish({ saleId, orders });
  drainer = await rig.drainer();
  await untilSettled(saleId, 3);
  const letters = await untilLetters(rig, garbage.length);
  expect(drainer.faults).toEqual([]);
  const set = new Set(letters.map((letter) => letter.content!.toString('hex')));
  expect(set).toEqual(new Set(garbage.map((content) => Buffer.from(content).toString('hex'))));
  for (const letter of letters) expect(letter.reason).toBe('the message is not an envelope');
  expect(await rig.counts(saleId)).toMatchObject({ confirmed: 3, failed: 0 });
});

it("a rule of the database's own that refuses one order isolates that one", async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 40 }]);
  const orders = await rig.claimed(saleId, 'sku', 30);
  const refused = orders[17]!;
  await rig.db.query(`
    CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.status = 'confirmed' AND NEW.customer_id = '${refused.customerId}' THEN
        RAISE EXCEPTION 'we do not serve this customer';
      END IF;
      RETURN NEW;
    END $$`);
  await rig.db.query('CREATE TRIGGER refuse BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION refuse()');
  await rig.publisher.publish({ saleId, orders });
  drainer = await rig.drainer();
  await untilSettled(saleId, 30);
  const [letter] = await untilLetters(rig, 1);
  expect(letter!.order).toEqual(refused);
  expect(letter!.cause).toContain('we do not serve this customer');
  expect(await rowOf(rig, refused)).toEqual(['failed', 'dead-lettered']);
  expect(await rig.counts(saleId)).toMatchObject({ confirmed: 29, failed: 1, stockLeft: 11 });
});

it('an order that breaks our own code is isolated, and the drainer lives on', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 40 }]);
  const orders = await rig.claimed(saleId, 'sku', 25);
  const breaking = orders[11]!;
  const faults: unknown[] = [];
  const one = createDrainer({
    createConsumer: (handlers) =>
      createConsumer({ amqpUrl: rig.stack.amqpUrl, handlers, logger: rig.logger, clock: systemClock }),
    ledger: {
      ...rig.ledger,
      settleBatch: async (batch) => {
        for (const { transactionId } of batch) {
          if (transactionId === breaking.transactionId) throw new TypeError('undefined is not a function');
        }
        return rig.ledger.settleBatch(batch);
      },
    },
    claims: rig.claims,
    deadLetters: rig.publisher,
    events: rig.publisher,
    metrics: createDrainMetrics(createRegistry()),
    clock: systemClock,
    logger: rig.logger,
    hitFailpoint: () => undefined,
    onFatal: (error) => faults.push(error),
    options: { batchMaxAgeMs: 20, prefetchEnvelopes: 0 },
  });
  await rig.publisher.publish({ saleId, orders });
  await one.start();
  try {
    await untilSettled(saleId, 25);
    const [letter] = await untilLetters(rig, 1);
    expect(letter!.order).toEqual(breaking);
    expect(letter!.cause).toContain('undefined is not a function');
    expect(faults).toEqual([]);
    expect(await rig.counts(saleId)).toMatchObject({ confirmed: 24, failed: 1, stockLeft: 16 });
  } finally {
    await one.stop(5_000);
  }
});

it('a purged order that is delivered once more, as after a crash, makes no new letter', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  const [purged, good] = (await rig.claimed(saleId, 'sku', 2)) as [ClaimedOrder, ClaimedOrder];
  await rig.ledger.recordFailed(purged, 'dead-lettered');
  await rig.ledger.purge(purged);
  await rig.publisher.publish({ saleId, orders: [purged, good] });
  await giveBack(rig);
  drainer = await rig.drainer();
  await untilSettled(saleId, 2);
  await drainer.stop();
  expect(await rig.ready()).toBe(0);
  expect(await rig.ready('sluice.orders.dead')).toBe(0);
  expect(await statusOf(rig, purged)).toEqual(['failed', 'purged']);
  expect(await stockOf(rig, saleId)).toEqual({ left: 9, held: 0, ledger: 9 });
});

it('a database that is away for three seconds makes no dead letter', async () => {
  const valve = await createValve(rig.stack.databaseUrl);
  const saleId = await rig.sale([{ sku: 'sku', stock: 400 }]);
  await rig.ledger.setCap(200, 'configured');
  drainer = await rig.drainer({}, { target: { databaseUrl: valve.url } });
  const orders = await rig.claimed(saleId, 'sku', 300);
  for (let i = 0; i < orders.length; i += 10) {
    await rig.publisher.publish({ saleId, orders: orders.slice(i, i + 10) });
  }
  await until(async () => (await rig.counts(saleId)).confirmed > 20, { deadlineMs: 5_000, what: 'a start' });
  valve.cut();
  // The outage itself, not a wait for something.
  await sleep(3_000);
  expect((await rig.counts(saleId)).confirmed).toBeLessThan(300);
  valve.mend();
  await rig.ledger.setCap(2_000, 'configured');
  await untilSettled(saleId, 300);
  expect(await rig.counts(saleId)).toMatchObject({ confirmed: 300, failed: 0, stockLeft: 100 });
  expect(await rig.ready('sluice.orders.dead')).toBe(0);
  await drainer.stop();
  await valve.close();
});
