import { afterAll, beforeAll, expect, it } from 'vitest';
import { get, post } from '../../test/support/http.ts';
import { createRig, newOrder, type Rig, type RunningRole, rigAdminToken } from '../../test/support/rig.ts';
import { until } from '../../test/support/wait.ts';

let rig: Rig;
let gateway: RunningRole;
let ops: RunningRole;

beforeAll(async () => {
  rig = await createRig();
  [gateway, ops] = await Promise.all([rig.gateway(), rig.ops(), rig.drainer()]);
  await until(async () => (await get(`${ops.url}/readyz`)).status === 200, {
    deadlineMs: 10_000,
    what: 'the ops role to be ready',
  });
});
afterAll(() => rig.close());

const admin = (method: string, path: string, body?: object, token = rigAdminToken) =>
  get(`${ops.url}/admin${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

it('the admin API is for those with the token only', async () => {
  for (const token of ['', 'wrong', `${rigAdminToken}x`, rigAdminToken.slice(0, -1)]) {
    const answer = await admin('POST', '/pause', undefined, token);
    expect(answer).toMatchObject({ status: 401, body: { type: '/problems/unauthorized' } });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  }
  expect((await rig.ledger.readCap()).paused).toBe(false);
  expect((await get(`${ops.url}/admin/status`)).status).toBe(401);
});

it('cap and pause are changed where they are enforced; what is out of range is refused', async () => {
  expect((await admin('PUT', '/cap', { ordersPerSecond: 777 })).body).toMatchObject({ ordersPerSecond: 777 });
  expect(await rig.ledger.readCap()).toMatchObject({ ordersPerSecond: 777, paused: false });
  for (const ordersPerSecond of [0, -1, 1_000_001, 1.5, '5', null]) {
    expect((await admin('PUT', '/cap', { ordersPerSecond })).status, String(ordersPerSecond)).toBe(400);
  }
  expect((await rig.ledger.readCap()).ordersPerSecond).toBe(777);
  await admin('POST', '/pause');
  expect((await rig.ledger.readCap()).paused).toBe(true);
  await admin('POST', '/resume');
  expect((await rig.ledger.readCap()).paused).toBe(false);
});

it('a sale is created, and every gateway serves it when the answer comes; all that is wrong with one is named', async () => {
  const saleId = 'from-the-api';
  const sale = {
    saleId,
    opensAt: new Date(Date.now() - 60_000).toISOString(),
    closesAt: new Date(Date.now() + 60_000).toISOString(),
    items: [{ sku: 'sku', name: 'Thing', priceMinor: 100, stock: 1 }],
  };
  const created = { status: 200, body: { saleId, created: true, rebuilding: false, gateways: 1 } };
  expect(await admin('POST', '/sales', sale)).toMatchObject(created);
  expect((await post(gateway.url, saleId, newOrder({ sku: 'sku' }))).status).toBe(202);
  expect((await admin('POST', '/sales', sale)).body).toMatchObject({ created: false });
  const wrong = await admin('POST', '/sales', { ...sale, closesAt: 'never', items: [{ sku: 'a b' }] });
  expect(wrong).toMatchObject({ status: 400, body: { type: '/problems/invalid' } });
  for (const fault of ['closesAt must', 'items.0.sku must', "required property 'stock'"])
    expect(wrong.body.detail).toContain(fault);
  expect((await admin('POST', '/sales')).status).toBe(400);
});

it('an audit is had over HTTP, of all sales or of one', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 1 }]);
  const { status, body } = await admin('GET', `/audit?sale=${saleId}`);
  expect({ status, sales: body.sales }).toMatchObject({
    status: 200,
    sales: [{ saleId, confirmedOrders: 0 }],
  });
  expect((await admin('GET', '/audit')).body.sales.length).toBeGreaterThan(1);
  expect((await admin('GET', '/audit?sale=none')).status).toBe(404);
});

it('a restock is added once, and refused where there is nothing to restock', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 1 }]);
  const restock = (sku: string, sale = saleId) =>
    admin('POST', `/sales/${sale}/restocks`, { restockId: 'truck', sku, pieces: 4 });
  expect((await restock('sku')).body).toEqual({ done: true });
  expect((await restock('sku')).body).toEqual({ done: false });
  expect((await restock('other')).status).toBe(409);
  expect((await restock('sku', 'no-such-sale')).status).toBe(404);
  expect((await rig.claims.counters(saleId))!.items[0]!.left).toBe(5);
});

it('nobody is needed for a Redis that was wiped: orders are taken again, and stock is right', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 9 }]);
  const orders = Array.from({ length: 5 }, () => newOrder({ sku: 'sku' }));
  for (const order of orders) expect((await post(gateway.url, saleId, order)).status).toBe(202);
  await rig.stack.redis.restart({ wipe: true });
  const replay = await until(
    async () => {
      const answer = await post(gateway.url, saleId, orders[0]!);
      return answer.status !== 503 && answer;
    },
    // The broker's counts lag by twelve seconds, and an empty queue must be certain.
    { deadlineMs: 40_000, what: 'the sale to be rebuilt' },
  );
  expect(replay).toMatchObject({ status: 200, body: { status: 'confirmed' } });
  // Orders that were taken before are answered a moment earlier than new ones are.
  await until(() => ops.metric('sluice_rebuilds_total'), { deadlineMs: 5_000, what: 'the end of a rebuild' });
  await until(async () => (await get(`${gateway.url}/sales/${saleId}`)).body.state === 'open', {
    deadlineMs: 5_000,
    what: 'the sale to be open',
  });
  expect((await rig.claims.counters(saleId))!.items).toMatchObject([{ sku: 'sku', left: 4, claimed: 0 }]);
}, 60_000);
