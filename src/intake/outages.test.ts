import { afterAll, beforeAll, expect, it } from 'vitest';
import { freeze } from '../../test/support/freeze.ts';
import { expectProblem, get, post } from '../../test/support/http.ts';
import { createRig, newOrder, type Rig, type RunningRole } from '../../test/support/rig.ts';
import { createValve, type Valve } from '../../test/support/valve.ts';
import { until } from '../../test/support/wait.ts';
import { workingTime } from '../../test/support/working-time.ts';

let rig: Rig;
let valve: Valve;
/** Behind the valve, with little time for confirms. */
let gateway: RunningRole;
/** With all the time that a busy machine takes. */
let patient: RunningRole;
let saleId: string;
const claimTimeoutMs = 300;
const confirmTimeoutMs = 400;

beforeAll(async () => {
  rig = await createRig({ CLAIM_TIMEOUT_MS: '10000', CONFIRM_TIMEOUT_MS: '20000' });
  valve = await createValve(rig.stack.amqpUrl);
  gateway = await rig.gateway(
    { CONFIRM_TIMEOUT_MS: String(confirmTimeoutMs) },
    { target: { amqpUrl: valve.url } },
  );
  patient = await rig.gateway();
  saleId = await rig.sale([{ sku: 'sku', stock: 1_000 }]);
});
afterAll(async () => {
  await rig.close();
  await valve.close();
});

const good = () => newOrder({ sku: 'sku' });
const place = (order = good(), on = gateway) => post(on.url, saleId, order);
const isReady = (one = gateway) => get(`${one.url}/readyz`).then((answer) => answer.status === 200);
const untilReady = (one = gateway) =>
  until(() => isReady(one), { deadlineMs: 20_000, what: 'the gateway to be ready again' });
/** Repeats an order, as a shopper without an answer does: on a busy machine, little time may run out once more. */
const untilAccepted = (on: RunningRole, order = good()) =>
  until(async () => (await place(order, on)).status === 202, {
    deadlineMs: 20_000,
    what: 'the order to be accepted',
  });

it('Redis silent: outcome-unknown within its timeout, then quick refusals that claim nothing', async () => {
  const hasty = await rig.gateway({ CLAIM_TIMEOUT_MS: String(claimTimeoutMs) });
  const unlucky = good();
  try {
    await freeze(rig.stack.redis.pid);
    const first = await workingTime(place(unlucky, hasty));
    expectProblem(first.result, 503, 'outcome-unknown', { retryAfter: true });
    expect(first.tookMs).toBeLessThan(claimTimeoutMs + 900);

    const crowd = await workingTime(Promise.all(Array.from({ length: 50 }, () => place(good(), hasty))));
    for (const answer of crowd.result) {
      expect(expectProblem(answer, 503, 'unavailable', { retryAfter: true }).detail).toBe('claims-away');
    }
    expect(crowd.tookMs).toBeLessThan(claimTimeoutMs + 900);
    const ready = await get(`${hasty.url}/readyz`);
    expect(ready).toMatchObject({ status: 503, body: { status: 'unready', reasons: ['claims-away'] } });
    expect((await get(`${hasty.url}/livez`)).status).toBe(200);
    const status = await get(`${hasty.url}/sales/${saleId}/orders/${unlucky.transactionId}`);
    expectProblem(status, 503, 'unavailable', { retryAfter: true });
    expect(await hasty.metric('sluice_dependency_up', { dependency: 'redis' })).toBe(0);
  } finally {
    process.kill(rig.stack.redis.pid, 'SIGCONT');
  }
  await untilReady(hasty);
  // The command that timed out was carried out later: the same order again is that order.
  await untilReady(patient);
  expect((await place(unlucky, patient)).status).toBe(202);
  await untilAccepted(hasty, unlucky);
  expect((await rig.claims.counters(saleId))!.sequence).toBeLessThanOrEqual(2);
  await hasty.stop();
  await untilReady();
});

it('a confirm that does not come: outcome-unknown, the breaker refuses before any claim, a replay heals', async () => {
  const unlucky = good();
  valve.hold();
  const first = await workingTime(place(unlucky));
  expectProblem(first.result, 503, 'outcome-unknown', { retryAfter: true });
  expect(first.tookMs).toBeLessThan(confirmTimeoutMs + 900);

  const before = (await rig.claims.counters(saleId))!;
  const refused = await place();
  expect(expectProblem(refused, 503, 'unavailable', { retryAfter: true }).detail).toBe('broker-silent');
  expect(await rig.claims.counters(saleId)).toEqual(before);
  expect((await get(`${gateway.url}/readyz`)).body.reasons).toEqual(['broker-silent']);

  valve.release();
  await untilReady();
  const pending = await get(`${gateway.url}/sales/${saleId}/orders/${unlucky.transactionId}`);
  expect(pending.body.status).toBe('pending');
  expect((await place(unlucky, patient)).status).toBe(202);
  await untilAccepted(gateway);
});

it('the broker away: refused at once and nothing is claimed; back by itself', async () => {
  valve.cut();
  await until(async () => !(await isReady()), { deadlineMs: 20_000, what: 'the gateway to notice' });
  const before = (await rig.claims.counters(saleId))!;
  const crowd = await workingTime(Promise.all(Array.from({ length: 20 }, () => place())));
  for (const answer of crowd.result) {
    expect(expectProblem(answer, 503, 'unavailable', { retryAfter: true }).detail).toBe('broker-away');
  }
  expect(crowd.tookMs).toBeLessThan(900);
  expect(await rig.claims.counters(saleId)).toEqual(before);
  expect(await gateway.metric('sluice_dependency_up', { dependency: 'rabbitmq' })).toBe(0);
  valve.mend();
  await untilReady();
  await untilAccepted(gateway);
  expect(await gateway.metric('sluice_dependency_up', { dependency: 'rabbitmq' })).toBe(1);
});

it('its queue deleted: outcome-unknown, then a replay publishes the order again', async () => {
  await rig.manage('DELETE', `/queues/${rig.stack.vhost}/sluice.orders`);
  const order = good();
  expectProblem(await place(order), 503, 'outcome-unknown', { retryAfter: true });
  await untilReady();
  expect((await place(order, patient)).status).toBe(202);
  expect(await rig.ready()).toBeGreaterThanOrEqual(1);
  await rig.drainer();
  await until(async () => (await rig.ledger.find(saleId, [order.transactionId])).length === 1, {
    deadlineMs: 20_000,
    what: 'the order in the ledger',
  });
});

it('a nack after a twin that timed out releases nothing: the order is sold once', async () => {
  const scarce = await rig.sale([{ sku: 'sku', stock: 1 }]);
  const order = good();
  await rig.ledger.setPaused(true);
  valve.hold();
  expectProblem(await post(gateway.url, scarce, order), 503, 'outcome-unknown', { retryAfter: true });
  // The twin is in the queue. Now the queue is full, and another gateway is asked.
  const policy = `/operator-policies/${rig.stack.vhost}/full`;
  const definition = { 'max-length': 1 };
  await rig.publisher.publish({ saleId: scarce, orders: [] });
  await rig.manage('PUT', policy, { pattern: '^sluice\\.orders$', 'apply-to': 'queues', definition });
  const isFull = () =>
    rig.publisher.publish({ saleId: scarce, orders: [] }).then(
      () => false,
      () => true,
    );
  await until(isFull, { deadlineMs: 20_000, what: 'a full queue' });
  const other = await rig.gateway();
  const nacked = await post(other.url, scarce, order);
  expectProblem(nacked, 503, 'outcome-unknown', { retryAfter: true });
  expect((await rig.claims.counters(scarce))!.items).toMatchObject([{ left: 0, claimed: 1 }]);
  expectProblem(await post(other.url, scarce, good()), 503, 'unavailable', { retryAfter: true });

  await rig.manage('DELETE', policy);
  valve.release();
  await rig.ledger.setPaused(false);
  const drainer = await rig.drainer();
  await until(async () => (await rig.claims.counters(scarce))!.settled === 1, {
    deadlineMs: 20_000,
    what: 'the order to be settled',
  });
  await until(async () => (await post(other.url, scarce, order)).status === 200, {
    deadlineMs: 20_000,
    what: 'a replay',
  });
  expect(await rig.counts(scarce)).toMatchObject({ confirmed: 1, rejected: 0, stockLeft: 0 });
  await Promise.all([drainer.stop(), other.stop()]);
  await untilReady();
});

it('Postgres away: orders are taken and their status is known as ever', async () => {
  const fresh = await rig.gateway({}, { target: { databaseUrl: 'postgres://127.0.0.1:1/nothing' } });
  const order = good();
  expect((await post(fresh.url, saleId, order)).status).toBe(202);
  const status = await get(`${fresh.url}/sales/${saleId}/orders/${order.transactionId}`);
  expect(status.status).toBe(200);
  const unknown = await get(`${fresh.url}/sales/no-such-sale/orders/${order.transactionId}`);
  expectProblem(unknown, 503, 'unavailable', { retryAfter: true });
});
