import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectProblem, get, post } from '../../test/support/http.ts';
import { createRig, newOrder, type Rig } from '../../test/support/rig.ts';
import { createValve, type Valve } from '../../test/support/valve.ts';
import { until } from '../../test/support/wait.ts';

let rig: Rig;
let saleId: string;
const valves: Valve[] = [];

beforeAll(async () => {
  // What is slow because the machine is busy is no outage here.
  rig = await createRig({ CLAIM_TIMEOUT_MS: '10000', CONFIRM_TIMEOUT_MS: '60000' });
  saleId = await rig.sale([{ sku: 'sku', stock: 1_000 }]);
});
afterAll(async () => {
  await rig.close();
  await Promise.all(valves.map((valve) => valve.close()));
});

const claimedSoFar = async () => (await rig.claims.counters(saleId))!.sequence;
const good = () => newOrder({ sku: 'sku' });

/** A gateway whose broker's confirms can be held back. */
async function gatewayBehindValve(environment: Record<string, string> = {}) {
  const valve = await createValve(rig.stack.amqpUrl);
  valves.push(valve);
  const gateway = await rig.gateway(environment, { target: { amqpUrl: valve.url } });
  return { gateway, valve };
}

it('a client over its limit gets 429, others do not, and exempt ranges never', async () => {
  const gateway = await rig.gateway({
    CLIENT_MAX_REQUESTS_PER_SECOND: '5',
    CLIENT_LIMIT_EXEMPT: '198.51.100.0/24',
    TRUST_PROXY: '127.0.0.1',
  });
  const from = (address: string) => post(gateway.url, saleId, good(), { 'x-forwarded-for': address });
  // So many that the client is over its limit also where they take seconds.
  const crowd = 100;
  const answers = await Promise.all(Array.from({ length: crowd }, () => from('203.0.113.9')));
  const refused = answers.filter((answer) => answer.status === 429);
  expect(answers.filter((answer) => answer.status === 202).length).toBeGreaterThanOrEqual(5);
  expect(refused.length).toBeGreaterThanOrEqual(1);
  for (const answer of refused) {
    expectProblem(answer, 429, 'rate-limited', { retryAfter: true });
    expect(answer.headers.get('ratelimit')).toMatch(/^"client";r=0;t=[1-9]\d*$/);
    expect(answer.headers.get('ratelimit-policy')).toBe('"client";q=5;w=1');
  }
  expect((await from('203.0.113.10')).status).toBe(202);
  for (const exempt of ['198.51.100.7', '127.0.0.1']) {
    const all = await Promise.all(Array.from({ length: crowd }, () => from(exempt)));
    expect(new Set(all.map((answer) => answer.status))).toEqual(new Set([202]));
  }
  expect(await gateway.metric('sluice_orders_total', { outcome: 'rate-limited' })).toBe(refused.length);
  // A proxy may pass on whatever it was told.
  expect((await from('not-an-address')).status).toBe(202);
});

it('nobody is believed who is not a trusted proxy', async () => {
  const gateway = await rig.gateway({ CLIENT_MAX_REQUESTS_PER_SECOND: '1' });
  const all = await Promise.all(
    Array.from({ length: 6 }, () => post(gateway.url, saleId, good(), { 'x-forwarded-for': '203.0.113.9' })),
  );
  // All of them come from loopback, which is exempt.
  expect(new Set(all.map((answer) => answer.status))).toEqual(new Set([202]));
});

it('beyond the in-flight limit the answer is 503 at once, and nothing is claimed', async () => {
  const { gateway, valve } = await gatewayBehindValve({ MAX_INFLIGHT_REQUESTS: '2' });
  valve.hold();
  const held = [post(gateway.url, saleId, good()), post(gateway.url, saleId, good())];
  await until(() => gateway.metric('sluice_inflight_requests').then((n) => n === 2), {
    deadlineMs: 20_000,
    what: 'two requests under way',
  });
  const before = await claimedSoFar();
  const { detail } = expectProblem(await post(gateway.url, saleId, good()), 503, 'unavailable', {
    retryAfter: true,
  });
  expect(detail).toBe('inflight-limit');
  expect(await claimedSoFar()).toBe(before);
  valve.release();
  expect((await Promise.all(held)).map((answer) => answer.status)).toEqual([202, 202]);
});

it('beyond the waiting limit the answer is 503, and nothing is claimed; ready it stays', async () => {
  const waiting = (await rig.claims.cluster())!.waiting;
  const gateway = await rig.gateway({ MAX_WAITING_ORDERS: String(waiting + 1) });
  expect((await post(gateway.url, saleId, good())).status).toBe(202);
  const full = await until(
    async () => {
      const before = await claimedSoFar();
      const answer = await post(gateway.url, saleId, good());
      return answer.status === 503 && { answer, before };
    },
    { deadlineMs: 20_000, what: 'the waiting limit to be noticed' },
  );
  expect(expectProblem(full.answer, 503, 'unavailable', { retryAfter: true }).detail).toBe('waiting-limit');
  expect(await claimedSoFar()).toBe(full.before);
  expect((await get(`${gateway.url}/readyz`)).status).toBe(200);
});

it('refusals ask to come back at different times', async () => {
  const gateway = await rig.gateway({ MAX_WAITING_ORDERS: '1' });
  const answers = await Promise.all(Array.from({ length: 40 }, () => post(gateway.url, saleId, good())));
  const after = answers.map((answer) => answer.headers.get('retry-after'));
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([503]));
  expect(new Set(after).size).toBeGreaterThan(1);
});

it('a stop ends requests under way with 202, is not ready meanwhile, and takes no new connection', async () => {
  const { gateway, valve } = await gatewayBehindValve();
  const { hostname, port } = new URL(gateway.url);
  expect((await get(`${gateway.url}/readyz`)).body).toEqual({ status: 'ready', reasons: [] });

  // Two requests that have begun by the time of the stop, on connections that stay open for them.
  const talk = async (path: string) => {
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    let said = '';
    socket.on('data', (data) => {
      said += data;
    });
    socket.write(path);
    return { socket, closed: once(socket, 'close').then(() => said) };
  };
  const probe = await talk('GET /readyz HTTP/1.1\r\nHost: h\r\n');
  const body = JSON.stringify(good());
  const late = await talk(
    `POST /sales/${saleId}/orders HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n`,
  );
  valve.hold();
  const held = post(gateway.url, saleId, good());
  await until(() => gateway.metric('sluice_inflight_requests').then((n) => n === 1), {
    deadlineMs: 20_000,
    what: 'a request under way',
  });
  const before = await claimedSoFar();
  const stopped = gateway.stop(20_000);

  await until(
    () =>
      new Promise<boolean>((resolve) => {
        const socket = connect(Number(port), hostname);
        socket.on('connect', () => resolve(false)).on('error', () => resolve(true));
        socket.on('connect', () => socket.destroy());
      }),
    { deadlineMs: 20_000, what: 'new connections to be refused' },
  );
  probe.socket.write('\r\n');
  const unready = await probe.closed;
  expect(unready).toMatch(/^HTTP\/1\.1 503 /);
  expect(unready).toContain('"stopping"');
  late.socket.write(`\r\n${body}`);
  const refused = await late.closed;
  expect(refused).toMatch(/^HTTP\/1\.1 503 /);
  expect(refused.toLowerCase()).toMatch(/content-type: application\/problem\+json/);
  expect(refused.toLowerCase()).toMatch(/retry-after: \d/);
  expect(await claimedSoFar()).toBe(before);

  valve.release();
  expect((await held).status).toBe(202);
  await stopped;
});
