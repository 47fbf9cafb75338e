import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectProblem, post } from '../../test/support/http.ts';
import { createRig, newOrder, type Rig, type RunningRole } from '../../test/support/rig.ts';
import { until } from '../../test/support/wait.ts';

let rig: Rig;
let gateway: RunningRole;
let saleId: string;

beforeAll(async () => {
  rig = await createRig();
  gateway = await rig.gateway();
  saleId = await rig.sale([
    { sku: 'plenty', stock: 1_000 },
    { sku: 'scarce', stock: 2 },
    { sku: 'rationed', stock: 100, customerLimit: 2 },
  ]);
});
afterAll(() => rig.close());

const place = (body: object, headers?: Record<string, string>) => post(gateway.url, saleId, body, headers);
const day = 86_400_000;
const leftOf = async (sku: string) =>
  (await rig.claims.counters(saleId))!.items.find((item) => item.sku === sku)!.left;
const settleAll = async (transactionId: string) => {
  const [view] = await rig.claims.read(saleId, [transactionId]);
  const [settlement] = await settled([view!.order]);
  await rig.claims.settle(saleId, [settlement!]);
};
async function settled(orders: Parameters<Rig['ledger']['settleBatch']>[0]) {
  const outcome = await rig.ledger.settleBatch(orders);
  if (outcome.outcome !== 'written') throw new Error(outcome.outcome);
  return outcome.settlements;
}

it('an order is answered 202 with place and address, and lies in the queue by then', async () => {
  const order = newOrder({ sku: 'plenty' });
  const before = await rig.ready();
  const answer = await place(order);
  expect(answer.status).toBe(202);
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  expect(answer.headers.get('location')).toBe(`/sales/${saleId}/orders/${order.transactionId}`);
  expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect(answer.headers.get('idempotent-replayed')).toBeNull();
  expect(answer.body).toMatchObject({
    saleId,
    transactionId: order.transactionId,
    status: 'accepted',
    position: expect.any(Number),
  });
  expect(answer.body.position).toBeGreaterThanOrEqual(1);
  expect(await rig.ready()).toBe(before + 1);
});

it('the answer tells the wait once the cap is known', async () => {
  await rig.claims.announceCap(1);
  const answer = await until(
    async () => {
      const placed = await place(newOrder({ sku: 'plenty' }));
      return placed.body.etaSeconds !== undefined && placed;
    },
    { deadlineMs: 3_000, what: 'the gateway to know the cap' },
  );
  expect(answer.body.etaSeconds).toBeGreaterThanOrEqual(answer.body.position);
});

it('the same order again is the same order: 202 while it waits, 200 once it is settled', async () => {
  const order = newOrder({ sku: 'plenty', quantity: 3 });
  const first = await place(order);
  const left = await leftOf('plenty');
  const again = await place(order);
  expect(again.status).toBe(202);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect(again.headers.get('location')).toBe(first.headers.get('location'));
  expect(again.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect(again.body).toMatchObject({ status: 'accepted', sku: 'plenty', quantity: 3 });
  expect(again.body.position).toBeLessThanOrEqual(first.body.position);
  expect(await leftOf('plenty')).toBe(left);

  await settleAll(order.transactionId);
  const last = await place(order);
  expect(last.status).toBe(200);
  expect(last.headers.get('idempotent-replayed')).toBe('true');
  expect(last.headers.get('retry-after')).toBeNull();
  expect(last.body).toMatchObject({ status: 'confirmed', settledAt: expect.any(String) });
  expect(last.body.position).toBeUndefined();
  expect(await leftOf('plenty')).toBe(left);
});

it('the same transaction ID with another SKU, quantity or customer is refused and changes nothing', async () => {
  const order = newOrder({ sku: 'plenty', quantity: 2 });
  await place(order);
  const left = [await leftOf('plenty'), await leftOf('scarce')];
  for (const other of [{ sku: 'scarce' }, { quantity: 1 }, { customerId: 'somebody-else' }]) {
    expectProblem(await place({ ...order, ...other }), 422, 'transaction-id-reused');
  }
  expect([await leftOf('plenty'), await leftOf('scarce')]).toEqual(left);
  expect((await place(order)).status).toBe(202);
});

it('the transaction ID may come in the Idempotency-Key header, bare or quoted', async () => {
  const { transactionId, ...rest } = newOrder({ sku: 'plenty' });
  const bare = await place(rest, { 'idempotency-key': transactionId });
  expect(bare).toMatchObject({ status: 202, body: { transactionId } });
  const quoted = await place(rest, { 'idempotency-key': `"${transactionId}"` });
  expect(quoted.headers.get('idempotent-replayed')).toBe('true');
  const both = await place({ ...rest, transactionId }, { 'idempotency-key': transactionId });
  expect(both.headers.get('idempotent-replayed')).toBe('true');
});

it('header and body that disagree, a malformed header, and no ID at all name the field', async () => {
  const { transactionId, ...rest } = newOrder({ sku: 'plenty' });
  const left = await leftOf('plenty');
  const fieldOf = (answer: Awaited<ReturnType<typeof place>>) =>
    expectProblem(answer, 400, 'invalid').errors[0].field;
  expect(fieldOf(await place({ ...rest, transactionId }, { 'idempotency-key': randomUUID() }))).toBe(
    'Idempotency-Key',
  );
  for (const key of ['short', 'has space in it', '"', `"${transactionId}`, 'x'.repeat(65)]) {
    expect(fieldOf(await place(rest, { 'idempotency-key': key })), key).toBe('Idempotency-Key');
  }
  expect(fieldOf(await place(rest))).toBe('transactionId');
  expect(await leftOf('plenty')).toBe(left);
});

it('an unknown sale and an unknown SKU are not found', async () => {
  expectProblem(await post(gateway.url, 'no-such-sale', newOrder({ sku: 'plenty' })), 404, 'unknown-sale');
  expectProblem(await place(newOrder({ sku: 'no-such-sku' })), 404, 'unknown-sku');
});

it('sold out is answered at once, is not stored, and reaches neither queue nor database', async () => {
  await place(newOrder({ sku: 'scarce', quantity: 2 }));
  const before = await rig.ready();
  const order = newOrder({ sku: 'scarce' });
  expectProblem(await place(order), 409, 'sold-out');
  expect(await rig.ready()).toBe(before);
  expect(await rig.claims.read(saleId, [order.transactionId])).toEqual([undefined]);

  await rig.sales.restock(saleId, 'more', 'scarce', 1);
  expect((await place(order)).status).toBe(202);
});

it('a customer gets as many pieces as the limit allows, over all orders', async () => {
  const customerId = 'a-keen-one';
  expect((await place(newOrder({ sku: 'rationed', customerId }))).status).toBe(202);
  expectProblem(await place(newOrder({ sku: 'rationed', quantity: 2, customerId })), 403, 'customer-limit');
  expect((await place(newOrder({ sku: 'rationed', customerId }))).status).toBe(202);
  expectProblem(await place(newOrder({ sku: 'rationed', customerId })), 403, 'customer-limit');
  expect((await place(newOrder({ sku: 'rationed', quantity: 2 }))).status).toBe(202);
});

it('before the opening the answer says when to come back, after the close that it is over', async () => {
  const early = await rig.sale([{ sku: 'later', stock: 1 }], { opensInMs: 90_000 });
  const answer = await post(gateway.url, early, newOrder({ sku: 'later' }));
  expectProblem(answer, 403, 'sale-not-open', { retryAfter: true });
  const seconds = Number(answer.headers.get('retry-after'));
  expect(seconds).toBeGreaterThan(60);
  expect(seconds).toBeLessThanOrEqual(90);
  const late = await rig.sale([{ sku: 'gone', stock: 1 }], { opensInMs: -9_000, closesInMs: -1_000 });
  expectProblem(await post(gateway.url, late, newOrder({ sku: 'gone' })), 403, 'sale-closed');
  // Its claims are kept for a week.
  const longOver = await rig.sale([{ sku: 'gone', stock: 1 }], { opensInMs: -9 * day, closesInMs: -8 * day });
  expectProblem(await post(gateway.url, longOver, newOrder({ sku: 'gone' })), 403, 'sale-closed');
});

it('a sale that is being rebuilt answers 503 and claims nothing', async () => {
  const id = await rig.sale([{ sku: 'plenty', stock: 5 }]);
  const sale = (await rig.ledger.sale(id))!;
  await rig.claims.beginRebuild(sale, await rig.ledger.raiseEpoch(id));
  const answer = await post(gateway.url, id, newOrder({ sku: 'plenty' }));
  expectProblem(answer, 503, 'unavailable', { retryAfter: true });
  expect((await rig.claims.counters(id))!.sequence).toBe(0);
});

it('each answer is counted under its outcome', async () => {
  const before = await gateway.metric('sluice_orders_total', { outcome: 'sold-out' });
  const id = await rig.sale([{ sku: 'none', stock: 0 }]);
  await post(gateway.url, id, newOrder({ sku: 'none' }));
  await post(gateway.url, id, newOrder({ sku: 'none' }));
  expect(await gateway.metric('sluice_orders_total', { outcome: 'sold-out' })).toBe(before + 2);
  expect(await gateway.metric('sluice_orders_total', { outcome: 'accepted' })).toBeGreaterThan(5);
  expect(await gateway.metric('sluice_inflight_requests')).toBe(0);
});
