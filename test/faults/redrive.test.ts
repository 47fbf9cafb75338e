import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { ClaimedOrder } from '../../src/order/order.ts';
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
});

it('an order of a SKU that the ledger did not know is confirmed by a redrive once it is known', async () => {
  const { saleId, orders, addSku } = await failedOrders(rig, 2);
  expect(await statusOf(rig, orders[0]!)).toEqual(['failed', 'unknown-sku']);
  const still = await deadLettersOf(rig).redrive({});
  expect(still.letters.map((letter) => letter.outcome)).toEqual(['kept', 'kept']);
  expect(still.letters[0]!.because).toContain('does not know the SKU');
  await addSku();
  expect(await stockOf(rig, saleId)).toEqual({ left: 8, held: 2, ledger: 10 });

  const beforeMs = Date.now();
  const one = await deadLettersOf(rig).redrive({ ids: [orders[1]!.transactionId, 'nobody'] });
  expect(one).toMatchObject({ letters: [{ outcome: 'confirmed' }], unknownIds: ['nobody'] });
  expect(await rowOf(rig, orders[1]!)).toEqual(['confirmed', undefined]);
  expect(await statusOf(rig, orders[1]!)).toEqual(['confirmed', undefined]);
  expect(await statusOf(rig, orders[0]!)).toEqual(['failed', 'unknown-sku']);
  const [row] = await rig.ledger.find(saleId, [orders[1]!.transactionId]);
  expect(row!.settledAtMs).toBeGreaterThanOrEqual(beforeMs - 1_000);
  expect(await stockOf(rig, saleId)).toEqual({ left: 8, held: 1, ledger: 9 });

  expect(await outcomes(deadLettersOf(rig).redrive({ saleId: 'another-sale' }))).toEqual([]);
  expect(await outcomes(deadLettersOf(rig).redrive({ saleId }))).toEqual(['confirmed']);
  expect(await stockOf(rig, saleId)).toEqual({ left: 8, held: 0, ledger: 8 });
  await untilLetters(rig, 0);
});

it('a redrive never sells beyond the stock of the ledger, nor beyond the customer limit', async () => {
  const { saleId, orders, addSku } = await failedOrders(rig, 3);
  await addSku({ stock_initial: 2, stock_left: 2 });
  const handled = await deadLettersOf(rig).redrive({});
  expect(handled.letters.map(({ outcome }) => outcome)).toEqual(['confirmed', 'confirmed', 'kept']);
  expect(handled.letters[2]!.because).toContain('sold out');
  expect(await rig.counts(saleId)).toMatchObject({ confirmed: 2, failed: 1, pieces: 2, stockLeft: 0 });
  expect(await rowOf(rig, orders[2]!)).toEqual(['failed', 'unknown-sku']);
  await rig.sales.restock(saleId, 'truck', 'sku', 5);
  await rig.db.query('UPDATE sale_items SET customer_limit = 1 WHERE sale_id = $1', [saleId]);
  await rig.db.query("UPDATE orders SET customer_id = $2 WHERE sale_id = $1 AND status = 'confirmed'", [
    saleId,
    orders[2]!.customerId,
  ]);
  const limited = await deadLettersOf(rig).redrive({});
  expect(limited.letters).toMatchObject([{ outcome: 'kept', because: expect.stringContaining('limit') }]);
  expect(await rowOf(rig, orders[2]!)).toEqual(['failed', 'unknown-sku']);
});

it('an order without a claim takes only pieces that nobody else has claimed', async () => {
  const saleId = await rig.sale([{ sku: 'other', stock: 1 }]);
  const order = (n: number): ClaimedOrder => ({
    ...newOrder({ sku: 'sku' }),
    ...{ saleId, sequence: n, claimedAtMs: Date.now() },
  });
  const orders = [order(1), order(2), order(3)];
  await rig.publisher.publish({ saleId, orders: orders.slice(0, 2) });
  await untilLetters(rig, 2);
  await until(() => statusOf(rig, orders[1]!), { deadlineMs: 5_000, what: 'the claim' });
  // Claimed as it failed: the pieces are kept back when the SKU comes on sale.
  const { opensAtMs, closesAtMs } = (await rig.ledger.sale(saleId))!;
  const item = (sku: string, stock: number) => ({ sku, stock, name: sku, priceMinor: 1 });
  await rig.sales.apply({ saleId, opensAtMs, closesAtMs, items: [item('other', 1), item('sku', 5)] });
  const counted = async () => (await rig.claims.counters(saleId))!.items.find(({ sku }) => sku === 'sku');
  expect(await counted()).toMatchObject({ left: 3, claimed: 2 });

  // A letter whose order has neither claim nor row.
  await rig.publisher.deadLetter({ order: orders[2]!, reason: 'r', cause: 'c', failedAtMs: 1, history: [] });
  const claimed = await rig.claimed(saleId, 'sku', 3);
  const handled = await deadLettersOf(rig).redrive({});
  expect(handled.letters.map(({ outcome }) => outcome)).toEqual(['confirmed', 'confirmed', 'kept']);
  expect(handled.letters[2]!.because).toContain('other orders have claimed');
  await rig.publisher.publish({ saleId, orders: claimed });
  await until(async () => (await rig.counts(saleId)).confirmed === 5, {
    deadlineMs: 5_000,
    what: 'the rest',
  });
  expect(await rig.counts(saleId)).toMatchObject({ rejected: 0, pieces: 5 });
  expect(await counted()).toMatchObject({ left: 0, claimed: 0 });
});

it('a redrive that is cut off at any step is finished by the next, and sells once', async () => {
  const { saleId, orders, addSku } = await failedOrders(rig, 1);
  await addSku();
  const order = orders[0]!;
  // Before the ledger.
  const unheld = deadLettersOf(rig, { claims: { ...rig.claims, holdFailed: away } });
  await expect(unheld.redrive({})).rejects.toMatchObject({ code: 'claims-unavailable' });
  expect(await rowOf(rig, order)).toEqual(['failed', 'unknown-sku']);
  // After the ledger, before the claim.
  const unsettled = deadLettersOf(rig, { claims: { ...rig.claims, settle: away } });
  await expect(unsettled.redrive({})).rejects.toMatchObject({ code: 'claims-unavailable' });
  expect(await rowOf(rig, order)).toEqual(['confirmed', undefined]);
  expect(await statusOf(rig, order)).toEqual(['failed', 'unknown-sku']);
  await untilLetters(rig, 1);
  // After both, before the letter is gone.
  const settle: typeof rig.claims.settle = async (...args) => {
    await rig.claims.settle(...args);
    return away();
  };
  await expect(deadLettersOf(rig, { claims: { ...rig.claims, settle } }).redrive({})).rejects.toThrow();
  await untilLetters(rig, 1);
  expect(await outcomes(deadLettersOf(rig).redrive({}))).toEqual(['removed']);
  expect(await statusOf(rig, order)).toEqual(['confirmed', undefined]);
  expect(await stockOf(rig, saleId)).toEqual({ left: 9, held: 0, ledger: 9 });
  await untilLetters(rig, 0);
});

it('twins of a letter: the second finds the order settled, and is removed', async () => {
  const { saleId, orders, addSku } = await failedOrders(rig, 1);
  await addSku();
  const twin = { order: orders[0]!, reason: 'r', cause: 'c', failedAtMs: 1, history: [] };
  await rig.publisher.deadLetter(twin);
  await rig.publisher.deadLetter(twin);
  await untilLetters(rig, 3);
  expect(await outcomes(deadLettersOf(rig).redrive({}))).toEqual(['confirmed', 'removed', 'removed']);
  await rig.publisher.deadLetter(twin);
  await untilLetters(rig, 1);
  expect(await outcomes(deadLettersOf(rig).purge({}))).toEqual(['removed']);
  expect(await rowOf(rig, orders[0]!)).toEqual(['confirmed', undefined]);
  expect(await statusOf(rig, orders[0]!)).toEqual(['confirmed', undefined]);
  expect(await stockOf(rig, saleId)).toEqual({ left: 9, held: 0, ledger: 9 });
});
