import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createClaimsKeeper } from '../../src/ops/claims-keeper.ts';
import { createClusterWatch } from '../../src/ops/cluster-watch.ts';
import type { ClaimedOrder } from '../../src/order/order.ts';
import { readConfig } from '../../src/platform/config/read.ts';
import { createClusterMetrics, createRegistry } from '../../src/platform/metrics.ts';
import { runAudit } from '../../src/start/audit.ts';
import { createRig, newOrder, type Rig } from '../support/rig.ts';
import { until } from '../support/wait.ts';
import {
  away,
  deadLettersOf,
  failedOrders,
  outcomes,
  rowOf,
  statusOf,
  stockOf,
  untilLetters,
} from './dead-letter-tools.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
  await rig.drainer();
});
afterAll(() => rig.close());
beforeEach(async () => {
  await deadLettersOf(rig).purge({});
  await rig.ledger.setPaused(false);
});

it('a purge puts the pieces back on sale once, whatever is repeated or cut off', async () => {
  const { saleId, orders, addSku } = await failedOrders(rig, 2, { customerLimit: 1 });
  await addSku();
  const order = orders[0]!;
  const unsettled = deadLettersOf(rig, { claims: { ...rig.claims, settle: away } });
  const chosen = { ids: [order.transactionId] };
  await expect(unsettled.purge(chosen)).rejects.toMatchObject({ code: 'claims-unavailable' });
  expect(await rowOf(rig, order)).toEqual(['failed', 'purged']);
  expect(await stockOf(rig, saleId)).toEqual({ left: 8, held: 2, ledger: 10 });
  const settle: typeof rig.claims.settle = async (...args) => {
    await rig.claims.settle(...args);
    return away();
  };
  const cutOff = deadLettersOf(rig, { claims: { ...rig.claims, settle } });
  for (let i = 0; i < 3; i++) {
    await expect(cutOff.purge(chosen)).rejects.toThrow();
    expect(await stockOf(rig, saleId)).toEqual({ left: 9, held: 1, ledger: 10 });
  }
  await untilLetters(rig, 2);
  expect(await outcomes(deadLettersOf(rig).purge(chosen))).toEqual(['purged']);
  await untilLetters(rig, 1);
  expect(await stockOf(rig, saleId)).toEqual({ left: 9, held: 1, ledger: 10 });
  expect(await statusOf(rig, order)).toEqual(['failed', 'purged']);
  // The customer may buy again.
  const [again] = await rig.claims.claim(saleId, (await rig.ledger.sale(saleId))!.epoch, [
    { ...newOrder({ sku: 'sku' }), customerId: order.customerId },
  ]);
  expect(again!.outcome).toBe('claimed');
  // Neither a twin in the queue nor a redrive of a twin letter brings it back.
  const twin = { order, reason: 'r', cause: 'c', failedAtMs: 1, history: [] };
  await rig.publisher.deadLetter(twin);
  await rig.publisher.publish({ saleId, orders: [order] });
  await rig.publisher.deadLetter(twin);
  await untilLetters(rig, 3);
  const redriven = await deadLettersOf(rig).redrive(chosen);
  expect(redriven.letters.map(({ outcome }) => outcome)).toEqual(['removed', 'removed']);
  expect(await rowOf(rig, order)).toEqual(['failed', 'purged']);
  expect(await stockOf(rig, saleId)).toEqual({ left: 8, held: 2, ledger: 10 });
  await untilLetters(rig, 1);
});

it('a purge and a redrive of twins at the same time: one of them wins, in ledger and claims alike', async () => {
  for (let round = 0; round < 5; round++) {
    const { saleId, orders, addSku } = await failedOrders(rig, 1);
    await addSku();
    await rig.publisher.deadLetter({ order: orders[0]!, reason: '', cause: '', failedAtMs: 1, history: [] });
    await untilLetters(rig, 2);
    await Promise.all([deadLettersOf(rig).redrive({}), deadLettersOf(rig).purge({})]);
    await deadLettersOf(rig).purge({});
    const row = (await rowOf(rig, orders[0]!))!;
    expect(await statusOf(rig, orders[0]!)).toEqual(row);
    const sold = row[0] === 'confirmed' ? 1 : 0;
    expect(await stockOf(rig, saleId)).toEqual({ left: 10 - sold, held: 0, ledger: 10 - sold });
  }
});

it('what can never be right stays failed with a reason, and can be purged', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  const [a, b, c, d] = (await rig.claimed(saleId, 'sku', 4)) as [
    ClaimedOrder,
    ClaimedOrder,
    ClaimedOrder,
    ClaimedOrder,
  ];
  const bad = [
    { ...a, quantity: 0 },
    { ...b, quantity: 2 ** 33 },
    { ...c, customerId: 'nul\u0000byte' },
    { ...d, transactionId: 'nul\u0000byte' },
    { ...newOrder({ sku: 'sku' }), quantity: 7_000, saleId, sequence: 9, claimedAtMs: 5 },
  ];
  await rig.publisher.publish({ saleId, orders: bad });
  await rig.inject(['no envelope']);
  await rig.inject(['{"put here":"by hand"}'], { key: 'sluice.orders.dead' });
  await untilLetters(rig, 7);
  await until(async () => (await rig.claims.counters(saleId))!.settled === 3, {
    deadlineMs: 5_000,
    what: 'the claims to be settled',
  });
  const handled = await deadLettersOf(rig).redrive({});
  expect(handled.letters.map(({ outcome }) => outcome)).toEqual(Array(7).fill('kept'));
  for (const letter of handled.letters) expect(letter.because).toMatch(/only be purged|can't be written/);
  expect(new Set(handled.letters.map(({ id }) => id)).size).toBe(7);
  expect(await stockOf(rig, saleId)).toEqual({ left: 6, held: 4, ledger: 10 });

  const purged = await deadLettersOf(rig).purge({});
  expect(purged.letters.filter(({ outcome }) => outcome === 'purged')).toHaveLength(5);
  expect(purged.letters.filter(({ outcome }) => outcome === 'removed')).toHaveLength(2);
  for (const order of [a, b, c]) expect(await statusOf(rig, order)).toEqual(['failed', 'purged']);
  // The order whose ID was lost on the way is not touched: it is published again by the reconciler.
  expect(await statusOf(rig, d)).toMatchObject([expect.stringMatching(/pending|accepted/), undefined]);
  expect(await stockOf(rig, saleId)).toEqual({ left: 9, held: 1, ledger: 10 });
});

it('while draining is paused, a purge goes on and a redrive says why it does not', async () => {
  const { saleId, addSku } = await failedOrders(rig, 2);
  await addSku();
  await rig.ledger.setPaused(true);
  const [kept] = (await deadLettersOf(rig).redrive({})).letters;
  expect(kept).toMatchObject({ outcome: 'kept', because: expect.stringContaining('paused') });
  expect(await outcomes(deadLettersOf(rig).purge({}))).toEqual(['purged', 'purged']);
  expect(await stockOf(rig, saleId)).toEqual({ left: 10, held: 0, ledger: 10 });
});

it('a letter is listed with what, why, when and its history, and stays', async () => {
  const { orders } = await failedOrders(rig, 1);
  await rig.inject([Buffer.from([0xff, 0x01])]);
  await untilLetters(rig, 2);
  for (let i = 0; i < 2; i++) {
    expect(await deadLettersOf(rig).list(10)).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        failedAt: expect.stringMatching(/^20\d\d-.*Z$/),
        reason: 'the ledger refused the order',
        cause: 'unknown-sku',
        history: [
          expect.stringMatching(/^claimed 20/),
          expect.any(String),
          expect.stringMatching(/^failed 20/),
        ],
        order: orders[0],
        content: null,
      },
      expect.objectContaining({ order: null, content: 'base64:/wE=' }),
    ]);
  }
  expect(await deadLettersOf(rig).list(1)).toHaveLength(1);
});

it('a rebuild keeps the pieces of failed orders held, and a redrive, a purge and the audit find all in order', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 20, customerLimit: 3 }]);
  const orders = await rig.claimed(saleId, 'sku', 6);
  const { rows } = await rig.db.query("UPDATE sale_items SET sku = 'gone' WHERE sale_id = $1 RETURNING sku", [
    saleId,
  ]);
  expect(rows).toHaveLength(1);
  await rig.publisher.publish({ saleId, orders: orders.slice(0, 3) });
  await untilLetters(rig, 3);
  await rig.db.query("UPDATE sale_items SET sku = 'sku' WHERE sale_id = $1", [saleId]);
  await rig.publisher.publish({ saleId, orders: orders.slice(3) });
  await until(async () => (await rig.claims.counters(saleId))!.settled === 6, {
    deadlineMs: 5_000,
    what: 'the claims to be settled',
  });
  expect(await outcomes(deadLettersOf(rig).purge({ ids: [orders[0]!.transactionId] }))).toEqual(['purged']);
  const before = await stockOf(rig, saleId);
  expect(before).toEqual({ left: 15, held: 2, ledger: 17 });

  await rig.stack.redis.restart({ wipe: true });
  const keeper = createClaimsKeeper({
    claims: rig.claims,
    ledger: rig.ledger,
    untilQueueEmpty: async () => true,
    metrics: createClusterMetrics(createRegistry()),
    logger: rig.logger,
  });
  const waiting = await until(() => keeper.look(), { deadlineMs: 10_000, what: 'Redis to answer' });
  await keeper.rebuildAll(waiting, new AbortController().signal);
  await until(() => rig.claims.available(), { deadlineMs: 5_000, what: 'the claims' });
  expect(await stockOf(rig, saleId)).toEqual(before);
  expect(await statusOf(rig, orders[1]!)).toEqual(['failed', 'unknown-sku']);
  const registry = createRegistry();
  const watch = createClusterWatch({
    claims: rig.claims,
    ledger: rig.ledger,
    readDepth: rig.depth,
    metrics: createClusterMetrics(registry),
    logger: rig.logger,
  });
  await watch.look();
  await watch.look();
  expect((await registry.metrics()).split('\n')).toContain(
    `sluice_stock_drift{sale="${saleId}",sku="sku"} 0`,
  );
  const audited = await until(
    async () => {
      const report = await runAudit(
        { config: readConfig({}), target: rig.stack, progress: () => undefined },
        { sale: saleId },
      );
      return report.ok && report;
    },
    { deadlineMs: 20_000, what: 'an audit without offence' },
  );
  expect(audited.sales).toMatchObject([{ confirmedOrders: 3, failedOrders: 3 }]);

  // The failed customer's pieces count towards the limit until they are given back.
  const epoch = (await rig.ledger.sale(saleId))!.epoch;
  const buy = async (customerId: string, quantity: number) =>
    (await rig.claims.claim(saleId, epoch, [{ ...newOrder({ sku: 'sku' }), quantity, customerId }]))[0]!
      .outcome;
  expect(await buy(orders[1]!.customerId, 3)).toBe('customer-limit');
  expect(await outcomes(deadLettersOf(rig).purge({ ids: [orders[1]!.transactionId] }))).toEqual(['purged']);
  expect(await outcomes(deadLettersOf(rig).redrive({}))).toEqual(['confirmed']);
  expect(await stockOf(rig, saleId)).toEqual({ left: 16, held: 0, ledger: 16 });
  expect(await buy(orders[1]!.customerId, 3)).toBe('claimed');
});
