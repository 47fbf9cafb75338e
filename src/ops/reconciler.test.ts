import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRig, type Rig } from '../../test/support/rig.ts';
import { createValve, type Valve } from '../../test/support/valve.ts';
import { until } from '../../test/support/wait.ts';
import { createClusterMetrics, createRegistry } from '../platform/metrics.ts';
import { createReconciler } from './reconciler.ts';

let rig: Rig;
const valves: Valve[] = [];
const confirmTimeoutMs = 500;

beforeAll(async () => {
  rig = await createRig();
});
afterAll(async () => {
  await rig.close();
  await Promise.all(valves.map((valve) => valve.close()));
});

/** A reconciler to which claims made now are `aheadMs` old; a function: as old as it says then. */
function reconcilerAhead(aheadMs: number | (() => number), publisher: Rig['publisher'] = rig.publisher) {
  const ahead = typeof aheadMs === 'number' ? () => aheadMs : aheadMs;
  return createReconciler({
    claims: { ...rig.claims, nowMs: async () => (await rig.claims.nowMs()) + ahead() },
    ledger: rig.ledger,
    publisher,
    metrics: createClusterMetrics(createRegistry()),
    logger: rig.logger,
    options: { confirmTimeoutMs, envelopeMaxOrders: 4 },
  });
}

const untilSettled = (saleId: string, orders: number) =>
  until(async () => (await rig.claims.counters(saleId))!.settled === orders, {
    deadlineMs: 10_000,
    what: `${orders} claims to be settled`,
  });

async function drainAll(saleId: string, orders: number): Promise<void> {
  const drainer = await rig.drainer();
  await untilSettled(saleId, orders);
  await drainer.stop();
}

it('claims of a gateway that died before it published are published again, and confirmed', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 20 }]);
  await rig.claimed(saleId, 'sku', 10);
  expect(await reconcilerAhead(0).round([saleId], undefined)).toEqual({ republished: 0, settled: 0 });
  const reconciler = reconcilerAhead(2 * confirmTimeoutMs + 1_000);
  expect(await reconciler.round([saleId], undefined)).toEqual({ republished: 10, settled: 0 });
  // Envelopes of four at most.
  expect(await rig.ready()).toBe(3);
  await drainAll(saleId, 10);
  expect(await rig.counts(saleId)).toMatchObject({ confirmed: 10, stockLeft: 10 });
});

it('what was published again has its confirm on record and is left alone', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 20 }]);
  await rig.claimed(saleId, 'sku', 3);
  const reconciler = reconcilerAhead(5_000);
  expect((await reconciler.round([saleId], undefined)).republished).toBe(3);
  expect((await reconciler.round([saleId], undefined)).republished).toBe(0);
  await until(async () => (await rig.claims.unconfirmed(saleId, Date.now() + 60_000, 10)).length === 0, {
    deadlineMs: 3_000,
    what: 'the confirms to be noted',
  });
  await drainAll(saleId, 3);
});

it('what is lost again is published again: after 15 s, 30 s, a minute, a minute', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 20 }]);
  await rig.claimed(saleId, 'sku', 1);
  let seconds = 100;
  const reconciler = reconcilerAhead(() => seconds * 1_000);
  const republishedAt: number[] = [];
  for (; seconds <= 300; seconds += 5) {
    if ((await reconciler.round([saleId], 0)).republished > 0) republishedAt.push(seconds);
  }
  // A moment passes between two rounds, so a round at the very end of a span is already beyond it.
  expect(republishedAt).toEqual([100, 115, 145, 205, 265]);
  await drainAll(saleId, 1);
});

it('accepted orders whose queue was emptied are published again, and confirmed', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 20 }]);
  const orders = await rig.claimed(saleId, 'sku', 6);
  await rig.publisher.publish({ saleId, orders });
  rig.claims.accept(
    saleId,
    orders.map((order) => order.transactionId),
  );
  await until(async () => (await rig.claims.unconfirmed(saleId, Date.now() + 60_000, 10)).length === 0, {
    deadlineMs: 3_000,
    what: 'the confirms to be noted',
  });
  await rig.manage('DELETE', `/queues/${rig.stack.vhost}/sluice.orders/contents`);
  expect(await rig.ready()).toBe(0);
  // As long as the backlog, or a pause, explains the wait, they are left alone.
  expect(await reconcilerAhead(60_000).round([saleId], 120_000)).toEqual({ republished: 0, settled: 0 });
  expect(await reconcilerAhead(60_000).round([saleId], undefined)).toEqual({ republished: 0, settled: 0 });
  expect(await reconcilerAhead(60_000).round([saleId], 0)).toEqual({ republished: 6, settled: 0 });
  await drainAll(saleId, 6);
  expect(await rig.counts(saleId)).toMatchObject({ confirmed: 6, stockLeft: 14 });
});

it('orders that the ledger has and the claims do not know of are settled, not published', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 20 }]);
  const orders = await rig.claimed(saleId, 'sku', 5);
  const written = await rig.ledger.settleBatch(orders.slice(0, 3));
  expect(written.outcome).toBe('written');
  rig.claims.accept(
    saleId,
    orders.map((order) => order.transactionId),
  );
  await until(async () => (await rig.claims.unconfirmed(saleId, Date.now() + 60_000, 10)).length === 0, {
    deadlineMs: 3_000,
    what: 'the confirms to be noted',
  });
  expect(await reconcilerAhead(60_000).round([saleId], 0)).toEqual({ republished: 2, settled: 3 });
  const views = await rig.claims.read(
    saleId,
    orders.map((order) => order.transactionId),
  );
  expect(views.map((view) => view!.status)).toEqual([
    ...['confirmed', 'confirmed', 'confirmed'],
    ...['accepted', 'accepted'],
  ]);
  await drainAll(saleId, 5);
});

it('while the broker is away it does nothing; what could not be published is tried in the next round', async () => {
  const valve = await createValve(rig.stack.amqpUrl);
  valves.push(valve);
  const publisher = await rig.anotherPublisher(
    { CONFIRM_TIMEOUT_MS: String(confirmTimeoutMs) },
    { target: { amqpUrl: valve.url } },
  );
  const saleId = await rig.sale([{ sku: 'sku', stock: 20 }]);
  await rig.claimed(saleId, 'sku', 2);
  const reconciler = reconcilerAhead(5_000, publisher);
  valve.hold();
  await expect(reconciler.round([saleId], undefined)).rejects.toMatchObject({ code: 'publish-unconfirmed' });
  expect(publisher.state()).not.toBe('up');
  expect(await reconciler.round([saleId], undefined)).toEqual({ republished: 0, settled: 0 });
  valve.release();
  await until(() => publisher.state() === 'up', { deadlineMs: 10_000, what: 'the breaker to close' });
  expect((await reconciler.round([saleId], undefined)).republished).toBe(2);
  await publisher.stop(1_000);
  await drainAll(saleId, 2);
  expect(await rig.counts(saleId)).toMatchObject({ confirmed: 2, stockLeft: 18 });
});
