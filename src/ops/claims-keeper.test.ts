import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectProblem, get, post } from '../../test/support/http.ts';
import { createRig, newOrder, type Rig, type RunningRole } from '../../test/support/rig.ts';
import { until } from '../../test/support/wait.ts';
import { createClusterMetrics, createRegistry } from '../platform/metrics.ts';
import { type ClaimsKeeper, createClaimsKeeper } from './claims-keeper.ts';
import { createReconciler } from './reconciler.ts';

let rig: Rig;
let gateway: RunningRole;
let drainer: RunningRole;
let keeper: ClaimsKeeper;

beforeAll(async () => {
  rig = await createRig();
  [gateway, drainer] = await Promise.all([rig.gateway(), rig.drainer()]);
  keeper = createClaimsKeeper({
    claims: rig.claims,
    ledger: rig.ledger,
    // The queue's true length, where the ops role has to make do with counts that lag.
    untilQueueEmpty: async () => {
      await until(async () => (await rig.ready()) === 0 && (await written()) === taken, {
        deadlineMs: 10_000,
        what: 'an empty queue',
      });
      return true;
    },
    metrics: createClusterMetrics(createRegistry()),
    logger: rig.logger,
  });
});
afterAll(() => rig.close());

/** Orders that were answered 202, and those of them that the ledger has. */
let taken = 0;
const written = async () =>
  (await rig.db.query<{ n: number }>('SELECT count(*)::int AS n FROM orders')).rows[0]!.n;

const never = new AbortController().signal;
const untilConfirmed = (saleId: string, orders: number) =>
  until(async () => (await rig.counts(saleId)).confirmed === orders, {
    deadlineMs: 10_000,
    what: `${orders} orders in the ledger`,
  });
/** The keeper's look, as soon as its connection stands. */
const look = () =>
  until(() => keeper.look().then((waiting) => ({ waiting })), { deadlineMs: 5_000, what: 'Redis to answer' });
const untilTaken = (saleId: string) =>
  until(async () => (await sell(saleId)).status === 202, {
    deadlineMs: 5_000,
    what: 'orders to be taken again',
  });

async function sell(saleId: string, order = newOrder({ sku: 'sku' })) {
  const answer = await post(gateway.url, saleId, order);
  if (answer.status === 202) taken += 1;
  return answer;
}

async function sold(saleId: string, orders: number) {
  const all = Array.from({ length: orders }, () => newOrder({ sku: 'sku' }));
  for (const order of all) expect((await sell(saleId, order)).status).toBe(202);
  return all;
}

it('a Redis that only restarted is vetted at once and carries on with what it holds', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 50 }]);
  const [order] = await sold(saleId, 5);
  await untilConfirmed(saleId, 5);
  await until(async () => (await rig.claims.counters(saleId))!.settled === 5, {
    deadlineMs: 5_000,
    what: 'the claims to be settled',
  });
  const before = await rig.claims.counters(saleId);
  const epoch = (await rig.ledger.sale(saleId))!.epoch;
  await rig.stack.redis.restart();
  const refused = await until(
    async () => {
      const answer = await post(gateway.url, saleId, newOrder({ sku: 'sku' }));
      return answer.status === 503 && answer;
    },
    { deadlineMs: 5_000, what: 'a refusal before anybody has vetted' },
  );
  expectProblem(refused, 503, 'unavailable', { retryAfter: true });
  expect((await look()).waiting).toEqual([]);
  await until(() => rig.claims.available(), { deadlineMs: 3_000, what: 'the claims' });
  expect(await rig.claims.counters(saleId)).toEqual(before);
  expect((await rig.ledger.sale(saleId))!.epoch).toBe(epoch);
  await untilTaken(saleId);
  expect((await post(gateway.url, saleId, order!)).status).toBe(200);
});

it('a Redis that was wiped takes orders again once the backlog is drained, with the right stock', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 12, customerLimit: 3 }]);
  const orders = await sold(saleId, 6);
  await untilConfirmed(saleId, 6);
  // A backlog: accepted, and not in the ledger yet.
  await rig.ledger.setPaused(true);
  const queued = await sold(saleId, 2);
  await rig.stack.redis.restart({ wipe: true });

  const { waiting } = await look();
  expect(waiting.map((sale) => sale.saleId)).toContain(saleId);
  await until(
    async () =>
      (await get(`${gateway.url}/sales/${saleId}`)).body.state === 'rebuilding' && rig.claims.available(),
    { deadlineMs: 5_000, what: 'the gateway to know of the rebuild' },
  );
  const meanwhile = await post(gateway.url, saleId, newOrder({ sku: 'sku' }));
  expectProblem(meanwhile, 503, 'unavailable', { retryAfter: true });

  const rebuilding = keeper.rebuildAll(waiting, never);
  await rig.ledger.setPaused(false);
  await untilConfirmed(saleId, 8);
  await rebuilding;
  expect(await keeper.look()).toEqual([]);
  const counters = (await rig.claims.counters(saleId))!;
  expect(counters.items).toMatchObject([{ sku: 'sku', left: 4, claimed: 0 }]);
  expect(counters.sequence).toBeGreaterThanOrEqual(8);

  const replay = await until(
    async () => {
      const answer = await post(gateway.url, saleId, orders[0]!);
      return answer.status !== 503 && answer;
    },
    { deadlineMs: 5_000, what: 'the gateway to take orders' },
  );
  expect(replay).toMatchObject({ status: 200, body: { status: 'confirmed' } });
  expect((await post(gateway.url, saleId, queued[1]!)).body.status).toBe('confirmed');
  // The limit counts what was bought before.
  const { customerId } = orders[1]!;
  const greedy = newOrder({ sku: 'sku', quantity: 3, customerId });
  expectProblem(await post(gateway.url, saleId, greedy), 403, 'customer-limit');
  await sold(saleId, 4);
  expectProblem(await post(gateway.url, saleId, newOrder({ sku: 'sku' })), 409, 'sold-out');
  await untilConfirmed(saleId, 12);
  expect(await rig.counts(saleId)).toMatchObject({ confirmed: 12, rejected: 0, stockLeft: 0 });
});

it('a sale whose claims have had their time is not rebuilt, and keeps no other from it', async () => {
  const old = await rig.sale([{ sku: 'sku', stock: 5 }], { opensInMs: -9_000_000_000 });
  await sold(old, 1);
  const closesAtMs = Date.now() - 8 * 24 * 3_600_000;
  await rig.sales.apply({ ...(await rig.ledger.sale(old))!, closesAtMs });
  const saleId = await rig.sale([{ sku: 'sku', stock: 5 }]);
  await rig.stack.redis.restart({ wipe: true });
  const { waiting } = await look();
  expect(waiting.map((sale) => sale.saleId)).toContain(saleId);
  expect(waiting.map((sale) => sale.saleId)).not.toContain(old);
  await keeper.rebuildAll(waiting, never);
  await untilTaken(saleId);
});

it('a Redis restored to an older copy, with orders in flight, is found out and rebuilt', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 30 }]);
  await rig.ledger.setPaused(true);
  await sold(saleId, 3);
  // Until a confirm is noted there is a key that goes away with it, and could not be copied.
  await until(async () => (await rig.claims.unconfirmed(saleId, Number.MAX_SAFE_INTEGER, 10)).length === 0, {
    deadlineMs: 10_000,
    what: 'the confirms to be noted',
  });
  // The ledger has settled none of the sale, so a copy of any age is not behind it.
  const { redis } = rig;
  const keys = await redis.keys(`sluice:{${saleId}}:*`);
  const copies = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
  const forgotten = await sold(saleId, 4);
  await Promise.all(keys.map((key, i) => redis.restore(key, 0, copies[i]!, 'REPLACE')));
  expect((await rig.claims.counters(saleId))!.items).toMatchObject([{ left: 27, claimed: 3 }]);
  expect(await keeper.look()).toEqual([]);

  await rig.ledger.setPaused(false);
  await untilConfirmed(saleId, 7);
  const waiting = await until(
    async () => {
      const found = await keeper.look();
      return found.length > 0 && found;
    },
    { deadlineMs: 10_000, what: 'the loss to be noticed' },
  );
  expect(waiting.map((sale) => sale.saleId)).toEqual([saleId]);
  await keeper.rebuildAll(waiting, never);
  expect(await keeper.look()).toEqual([]);
  expect((await rig.claims.counters(saleId))!.items).toMatchObject([{ left: 23, claimed: 0 }]);
  await untilTaken(saleId);
  expect((await post(gateway.url, saleId, forgotten[0]!)).body.status).toBe('confirmed');
});

/** A keeper to which the queue is empty whenever it asks. */
const hastyKeeper = (claims = rig.claims) =>
  createClaimsKeeper({
    claims,
    ledger: rig.ledger,
    untilQueueEmpty: async () => true,
    metrics: createClusterMetrics(createRegistry()),
    logger: rig.logger,
  });

it('orders that the queue lost are in the ledger before a sale is rebuilt', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 20 }]);
  await rig.ledger.setPaused(true);
  await sold(saleId, 3);
  await until(async () => (await rig.ready()) === 3, { deadlineMs: 10_000, what: 'the pause' });
  await until(async () => (await rig.claims.unconfirmed(saleId, Number.MAX_SAFE_INTEGER, 10)).length === 0, {
    deadlineMs: 10_000,
    what: 'the confirms to be noted',
  });
  await rig.manage('DELETE', `/queues/${rig.stack.vhost}/sluice.orders/contents`);
  await rig.ledger.setPaused(false);
  const sale = (await rig.ledger.sale(saleId))!;
  await rig.sales.apply({ ...sale, items: [{ ...sale.items[0]!, customerLimit: 2 }] });
  const hasty = hastyKeeper();
  await hasty.rebuildAll(await hasty.look(), never);
  expect((await hasty.look()).map((one) => one.saleId)).toEqual([saleId]);

  const reconciler = createReconciler({
    claims: { ...rig.claims, nowMs: async () => (await rig.claims.nowMs()) + 60_000 },
    ledger: rig.ledger,
    publisher: rig.publisher,
    metrics: createClusterMetrics(createRegistry()),
    logger: rig.logger,
    options: { confirmTimeoutMs: 500, envelopeMaxOrders: 4 },
  });
  expect(await reconciler.round([saleId], 0)).toEqual({ republished: 3, settled: 0 });
  await untilConfirmed(saleId, 3);
  await until(async () => (await rig.claims.counters(saleId))!.settled === 3, {
    deadlineMs: 5_000,
    what: 'the claims to be settled',
  });
  await hasty.rebuildAll(await hasty.look(), never);
  expect(await hasty.look()).toEqual([]);
  expect((await rig.claims.counters(saleId))!.items).toMatchObject([{ left: 17, claimed: 0 }]);
});

it('a limit that is added while a sale is rebuilt counts what was loaded before it too', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 20 }]);
  const [order] = await sold(saleId, 1);
  await untilConfirmed(saleId, 1);
  await rig.claims.beginRebuild((await rig.ledger.sale(saleId))!, await rig.ledger.raiseEpoch(saleId));
  let limited = false;
  const hasty = hastyKeeper({
    ...rig.claims,
    async loadSettled(...args) {
      await rig.claims.loadSettled(...args);
      if (limited) return;
      limited = true;
      const sale = (await rig.ledger.sale(saleId))!;
      await rig.sales.apply({ ...sale, items: [{ ...sale.items[0]!, customerLimit: 1 }] });
    },
  });
  const untilRebuilt = async () => {
    for (let waiting = await hasty.look(); waiting.length > 0; waiting = await hasty.look()) {
      await hasty.rebuildAll(waiting, never);
    }
  };
  await untilRebuilt();
  const again = newOrder({ sku: 'sku', customerId: order!.customerId });
  const answer = await until(
    async () => {
      const given = await post(gateway.url, saleId, again);
      return given.status !== 503 && given;
    },
    { deadlineMs: 5_000, what: 'the gateway to take orders' },
  );
  expectProblem(answer, 403, 'customer-limit');
});

it('a Redis that came back with an older state than the ledger is rebuilt', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 30 }]);
  await sold(saleId, 4);
  await untilConfirmed(saleId, 4);
  await drainer.stop();
  // As if the server had forgotten the last 96 claims, which the ledger has settled.
  await rig.db.query('UPDATE sales SET highest_sequence = 100 WHERE sale_id = $1', [saleId]);
  await rig.db.query('UPDATE sale_items SET stock_left = 7 WHERE sale_id = $1', [saleId]);
  await rig.stack.redis.restart();
  const { waiting } = await look();
  expect(waiting.map((sale) => sale.saleId)).toEqual([saleId]);
  await keeper.rebuildAll(waiting, never);
  const counters = (await rig.claims.counters(saleId))!;
  expect(counters.items).toMatchObject([{ sku: 'sku', left: 7, claimed: 0 }]);
  expect(counters.sequence).toBe(100);
  await untilTaken(saleId);
});

it('a sale stays closed as long as its backlog has not drained', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 5 }]);
  const giveUp = new AbortController();
  const cautious = createClaimsKeeper({
    claims: rig.claims,
    ledger: rig.ledger,
    untilQueueEmpty: async () => false,
    metrics: createClusterMetrics(createRegistry()),
    logger: rig.logger,
  });
  const sale = (await rig.ledger.sale(saleId))!;
  await rig.claims.beginRebuild(sale, await rig.ledger.raiseEpoch(saleId));
  const waiting = await cautious.look();
  await cautious.rebuildAll(waiting, giveUp.signal);
  expect((await cautious.look()).map((one) => one.saleId)).toEqual([saleId]);
});
