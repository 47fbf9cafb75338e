import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectProblem, get, post } from '../../test/support/http.ts';
import { createRig, newOrder, type Rig, type RunningRole } from '../../test/support/rig.ts';
import { until } from '../../test/support/wait.ts';
import type { ClaimedOrder } from '../order/order.ts';
import { problems } from './problems.ts';

let rig: Rig;
let gateway: RunningRole;

beforeAll(async () => {
  rig = await createRig();
  gateway = await rig.gateway();
});
afterAll(() => rig.close());

const statusOf = (saleId: string, id: string) => get(`${gateway.url}/sales/${saleId}/orders/${id}`);

/** Writes the orders to the ledger and settles their claims, as a drainer would. */
async function settle(orders: readonly ClaimedOrder[]) {
  const outcome = await rig.ledger.settleBatch(orders);
  if (outcome.outcome !== 'written') throw new Error(outcome.outcome);
  await rig.claims.settle(orders[0]!.saleId, outcome.settlements);
}

it('an order is pending until the broker has it, then accepted, then confirmed', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  const [order] = (await rig.claimed(saleId, 'sku', 1)) as [ClaimedOrder];
  const pending = await statusOf(saleId, order.transactionId);
  expect(pending).toMatchObject({
    status: 200,
    body: { status: 'pending', sku: 'sku', quantity: 1, position: 1, acceptedAt: expect.any(String) },
  });
  expect(pending.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect(pending.headers.get('cache-control')).toBe('no-store');

  rig.claims.accept(saleId, [order.transactionId]);
  await until(async () => (await statusOf(saleId, order.transactionId)).body.status === 'accepted', {
    deadlineMs: 3_000,
    what: 'the order to be accepted',
  });

  await settle([order]);
  const confirmed = await statusOf(saleId, order.transactionId);
  expect(confirmed.body).toMatchObject({ status: 'confirmed', settledAt: expect.any(String) });
  expect(confirmed.body.position).toBeUndefined();
  expect(confirmed.headers.get('retry-after')).toBeNull();
});

it('a rejection tells its reason', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 1 }]);
  const [order] = (await rig.claimed(saleId, 'sku', 1)) as [ClaimedOrder];
  await rig.db.query('UPDATE sale_items SET stock_left = 0 WHERE sale_id = $1', [saleId]);
  await settle([order]);
  expect((await statusOf(saleId, order.transactionId)).body).toMatchObject({
    status: 'rejected',
    reason: 'sold-out',
  });
});

it('no place in line ever grows, whatever is claimed and settled meanwhile', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('claim' as const), orders: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ do: fc.constant('settle' as const), from: fc.nat(), orders: fc.integer({ min: 1, max: 5 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const saleId = `sale-${randomUUID()}`;
      const closesAtMs = Date.now() + 3_600_000;
      const items = [{ sku: 'sku', name: 'sku', priceMinor: 1, stock: 1_000 }];
      await rig.ledger.applySale({ saleId, opensAtMs: 0, closesAtMs, items });
      await rig.claims.putSale({ saleId, opensAtMs: 0, closesAtMs, items }, 1);
      const waiting: ClaimedOrder[] = [];
      const places = new Map<string, number>();
      for (const now of steps) {
        if (now.do === 'claim') waiting.push(...(await rig.claimed(saleId, 'sku', now.orders)));
        else if (waiting.length > 0) await settle(waiting.splice(now.from % waiting.length, now.orders));
        const views = await rig.claims.read(
          saleId,
          waiting.map((order) => order.transactionId),
        );
        for (const view of views) {
          const { order, position } = view!;
          expect(position).toBeGreaterThanOrEqual(1);
          expect(position).toBeLessThanOrEqual(places.get(order.transactionId) ?? Infinity);
          places.set(order.transactionId, position!);
        }
      }
    }),
    { numRuns: 15 },
  );
});

it('an order nobody placed is not found, and a malformed ID is named', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 1 }]);
  expectProblem(await statusOf(saleId, 'never-placed'), 404, 'unknown-order');
  expectProblem(await statusOf('no-such-sale', 'never-placed'), 404, 'unknown-order');
  const { errors } = expectProblem(await statusOf(saleId, 'a%00bcdefgh'), 400, 'invalid');
  expect(errors[0].field).toBe('transactionId');
});

it('once the sale is archived, the ledger answers', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 5 }], { opensInMs: -9_000, closesInMs: 500_000 });
  const [order] = (await rig.claimed(saleId, 'sku', 1)) as [ClaimedOrder];
  await settle([order]);
  const live = await statusOf(saleId, order.transactionId);
  await rig.sales.archive(saleId, { fromLedger: false, force: true });
  expect(await rig.claims.counters(saleId)).toBeUndefined();
  const archived = await statusOf(saleId, order.transactionId);
  expect(archived).toMatchObject({ status: 200, body: { ...live.body } });
  expectProblem(await statusOf(saleId, 'never-placed'), 404, 'unknown-order');
});

it('once the claims of a sale have had their time, the ledger answers', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 5 }], { opensInMs: -9_000_000_000 });
  const [order] = (await rig.claimed(saleId, 'sku', 1)) as [ClaimedOrder];
  await settle([order]);
  const live = await statusOf(saleId, order.transactionId);
  const closesAtMs = Date.now() - 8 * 24 * 3_600_000;
  await rig.sales.apply({ ...(await rig.ledger.sale(saleId))!, closesAtMs });
  expect(await rig.claims.counters(saleId)).toBeUndefined();
  expect(await statusOf(saleId, order.transactionId)).toMatchObject({ status: 200, body: live.body });
  expectProblem(await statusOf(saleId, 'never-placed'), 404, 'unknown-order');
});

it('a Redis that has just lost a sale denies none of its orders', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 5 }]);
  const [settled, queued] = (await rig.claimed(saleId, 'sku', 2)) as [ClaimedOrder, ClaimedOrder];
  await settle([settled]);
  await rig.redis.unlink(Object.values(rig.saleKeys(saleId)));
  expect((await statusOf(saleId, settled.transactionId)).body.status).toBe('confirmed');
  const answer = await statusOf(saleId, queued.transactionId);
  expectProblem(answer, 503, 'unavailable', { retryAfter: true });
});

it('while a sale is being rebuilt, no order that was taken is denied', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 5 }]);
  const [settled, queued] = (await rig.claimed(saleId, 'sku', 2)) as [ClaimedOrder, ClaimedOrder];
  await settle([settled]);
  await rig.claims.beginRebuild((await rig.ledger.sale(saleId))!, await rig.ledger.raiseEpoch(saleId));
  await rig.claims.clearSale(saleId);
  await until(async () => (await get(`${gateway.url}/sales/${saleId}`)).body.state === 'rebuilding', {
    deadlineMs: 3_000,
    what: 'the gateway to know of the rebuild',
  });
  expect((await statusOf(saleId, settled.transactionId)).body.status).toBe('confirmed');
  const answer = await statusOf(saleId, queued.transactionId);
  expectProblem(answer, 503, 'unavailable', { retryAfter: true });
});

it('the stream tells every change and ends once the order is settled', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 5 }]);
  const order = newOrder({ sku: 'sku' });
  await post(gateway.url, saleId, order);
  const response = await fetch(`${gateway.url}/sales/${saleId}/orders/${order.transactionId}/events`);
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const first = (await reader.read()).value!;
  expect(first).toMatch(/^event: order\ndata: \{.*"status":"(pending|accepted)"/);
  const [view] = await rig.claims.read(saleId, [order.transactionId]);
  await settle([view!.order]);
  let rest = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) rest += part.value;
  const events = rest.split('\n\n').filter(Boolean);
  expect(JSON.parse(events.at(-1)!.split('data: ')[1]!)).toMatchObject({ status: 'confirmed' });
  // What a browser sends when it comes again, which it does until it is told not to.
  expect(events.filter((event) => /^id: settled$/m.test(event))).toEqual([events.at(-1)]);
  const again = await get(response.url, { headers: { 'last-event-id': 'settled' } });
  expect(again).toMatchObject({ status: 204, body: '' });
});

it('the stream of an unknown order is a plain 404', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 1 }]);
  const url = `${gateway.url}/sales/${saleId}/orders/never-placed/events`;
  expectProblem(await get(url), 404, 'unknown-order');
});

it('sales are listed, and one shows the stock that can still be claimed', async () => {
  const saleId = await rig.sale([
    { sku: 'a', stock: 7, customerLimit: 2 },
    { sku: 'b', stock: 0 },
  ]);
  await rig.claimed(saleId, 'a', 3);
  const all = await get(`${gateway.url}/sales`);
  expect(all.body.sales.map((sale: { saleId: string }) => sale.saleId)).toContain(saleId);
  const one = await until(
    async () => {
      const answer = await get(`${gateway.url}/sales/${saleId}`);
      return answer.body.items[0].stockLeft === 4 && answer;
    },
    { deadlineMs: 3_000, what: 'the stock to be read anew' },
  );
  expect(one.body).toMatchObject({ saleId, state: 'open', opensAt: expect.stringMatching(/Z$/) });
  expect(one.body.items).toEqual([
    { sku: 'a', name: 'a', priceMinor: 999, customerLimit: 2, stockLeft: 4 },
    { sku: 'b', name: 'b', priceMinor: 999, stockLeft: 0 },
  ]);
  expectProblem(await get(`${gateway.url}/sales/no-such-sale`), 404, 'unknown-sale');
});

it('the OpenAPI document holds every route', async () => {
  const { body } = await get(`${gateway.url}/docs/json`);
  expect(body.openapi).toMatch(/^3\./);
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining([
      '/sales',
      '/sales/{saleId}',
      '/sales/{saleId}/orders',
      '/sales/{saleId}/orders/{transactionId}',
      '/sales/{saleId}/orders/{transactionId}/events',
      '/livez',
      '/readyz',
    ]),
  );
  const replies = body.paths['/sales/{saleId}/orders'].post.responses;
  expect(Object.keys(replies)).toEqual(
    expect.arrayContaining(['200', '202', '400', '403', '404', '409', '413', '415', '422', '429', '503']),
  );
});

it('every problem type has a page that explains it', async () => {
  for (const name of Object.keys(problems)) {
    const { status, body } = await get(`${gateway.url}/problems/${name}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ type: `/problems/${name}`, explanation: expect.stringMatching(/\w{3}/) });
  }
  for (const name of ['no-such-problem', 'constructor', '__proto__']) {
    expectProblem(await get(`${gateway.url}/problems/${name}`), 404, 'not-found');
  }
});
