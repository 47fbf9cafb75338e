import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { crowd, get, post } from '../../test/support/http.ts';
import { createRig, newOrder, type Rig, type RunningRole } from '../../test/support/rig.ts';
import { createValve, type Valve } from '../../test/support/valve.ts';
import { until } from '../../test/support/wait.ts';

let rig: Rig;
let valve: Valve;
let gateway: RunningRole;
let other: RunningRole;

beforeAll(async () => {
  rig = await createRig();
  valve = await createValve(rig.stack.amqpUrl);
  gateway = await rig.gateway({}, { target: { amqpUrl: valve.url } });
  other = await rig.gateway();
  await rig.drainer();
});
afterAll(async () => {
  await rig.close();
  await valve.close();
});

afterEach(() => valve.release());

const allSettled = (saleId: string, orders: number) =>
  until(
    async () => {
      const { confirmed, rejected, failed } = await rig.counts(saleId);
      return confirmed + rejected + failed >= orders;
    },
    { deadlineMs: 15_000, what: `${orders} orders to be settled` },
  );

it('a replay while the first is under way joins it: one order, and both are told 202', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  const order = newOrder({ sku: 'sku' });
  // The envelope gets through, only its confirm is held back: without draining it stays unsettled.
  await rig.ledger.setPaused(true);
  valve.hold();
  const first = post(gateway.url, saleId, order);
  await until(() => rig.claims.read(saleId, [order.transactionId]).then(([view]) => view), {
    deadlineMs: 2_000,
    what: 'the claim',
  });
  const second = post(gateway.url, saleId, order);
  await until(() => gateway.metric('sluice_inflight_requests').then((n) => n === 2), {
    deadlineMs: 2_000,
    what: 'both to be under way',
  });
  valve.release();
  const answers = await Promise.all([first, second]);
  expect(answers.map((answer) => answer.status)).toEqual([202, 202]);
  expect(answers.map((answer) => answer.headers.get('idempotent-replayed'))).toEqual([null, 'true']);
  await rig.ledger.setPaused(false);
  await allSettled(saleId, 1);
  expect(await rig.counts(saleId)).toMatchObject({ confirmed: 1, stockLeft: 9 });
});

it('a replay at another gateway, while the first is unconfirmed, has a confirm of its own', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  const order = newOrder({ sku: 'sku' });
  valve.hold();
  const first = post(gateway.url, saleId, order);
  await until(() => rig.claims.read(saleId, [order.transactionId]).then(([view]) => view), {
    deadlineMs: 2_000,
    what: 'the claim',
  });
  const replay = await post(other.url, saleId, order);
  // The first publish may have been drained although its confirm is held back.
  expect([200, 202]).toContain(replay.status);
  valve.release();
  expect([200, 202]).toContain((await first).status);
  await allSettled(saleId, 1);
  expect(await rig.counts(saleId)).toMatchObject({ confirmed: 1, stockLeft: 9 });
});

it('a thousand requests with one transaction ID, at two gateways, are one order', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 5_000 }]);
  const order = newOrder({ sku: 'sku', quantity: 2 });
  const five = Array.from({ length: 500 }, () => order);
  const answers = (
    await Promise.all([crowd(gateway.url, saleId, five), crowd(other.url, saleId, five)])
  ).flat();
  expect(answers).toHaveLength(1_000);
  for (const { status } of answers) expect([200, 202]).toContain(status);
  expect(answers.filter(({ replayed }) => !replayed).length).toBeLessThanOrEqual(1);
  await allSettled(saleId, 1);
  await until(async () => (await rig.ready()) === 0, { deadlineMs: 5_000, what: 'an empty queue' });
  expect(await rig.counts(saleId)).toEqual({
    confirmed: 1,
    rejected: 0,
    failed: 0,
    pieces: 2,
    stockLeft: 4_998,
  });
});

it('a crowd buys all of the stock and no more, and every shopper learns the truth', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 100 }]);
  const orders = Array.from({ length: 400 }, () => newOrder({ sku: 'sku' }));
  const [odd, even] = [orders.filter((_, i) => i % 2), orders.filter((_, i) => i % 2 === 0)];
  const answers = (
    await Promise.all([crowd(gateway.url, saleId, odd), crowd(other.url, saleId, even)])
  ).flat();
  const won = [...odd, ...even].filter((_, i) => [200, 202].includes(answers[i]!.status));
  expect(won).toHaveLength(100);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(300);
  await allSettled(saleId, 100);
  expect(await rig.counts(saleId)).toEqual({
    confirmed: 100,
    rejected: 0,
    failed: 0,
    pieces: 100,
    stockLeft: 0,
  });
  await until(async () => (await rig.claims.counters(saleId))!.settled === 100, {
    deadlineMs: 5_000,
    what: 'the claims to be settled',
  });
  for (const { transactionId } of won.slice(0, 20)) {
    const status = await get(`${other.url}/sales/${saleId}/orders/${transactionId}`);
    expect(status.body.status).toBe('confirmed');
  }
});
