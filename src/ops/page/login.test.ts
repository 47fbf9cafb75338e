import { afterAll, beforeAll, expect, it } from 'vitest';
import { get } from '../../../test/support/http.ts';
import { createRig, type Rig, type RunningRole, rigAdminToken } from '../../../test/support/rig.ts';

let rig: Rig;
let ops: RunningRole;

beforeAll(async () => {
  rig = await createRig();
  ops = await rig.ops();
});
afterAll(() => rig.close());

function login(fields: Record<string, string>) {
  return get(`${ops.url}/ops/login`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams(fields),
  });
}

async function sessionOf(name: string): Promise<string> {
  const answer = await login({ name, token: rigAdminToken });
  expect(answer).toMatchObject({ status: 303 });
  return answer.headers.get('set-cookie')!.split(';')[0]!;
}

const origin = () => new URL(ops.url).origin;

it('without a session there is a login page and nothing behind it', async () => {
  const page = await get(`${ops.url}/ops`);
  expect(page.status).toBe(401);
  expect(page.body).toContain('Admin token');
  expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*script-src 'self';/);
  expect(page.headers.get('cache-control')).toBe('no-store');
  for (const path of ['stream', 'status', 'trail', 'dead-letters']) {
    expect(await get(`${ops.url}/admin/${path}`)).toMatchObject({
      status: 401,
      body: { type: '/problems/unauthorized' },
    });
  }
  const forged = { headers: { cookie: 'sluice_ops=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' } };
  expect(await get(`${ops.url}/admin/status`, forged)).toMatchObject({ status: 401 });
  const over = await get(`${ops.url}/ops`, forged);
  expect(over).toMatchObject({ status: 401, body: expect.stringContaining('Your session is over') });
});

it('the token buys a cookie that no script can read, no other site can use, and that is not the token', async () => {
  expect(await login({ token: `${rigAdminToken}x` })).toMatchObject({
    status: 401,
    body: expect.stringContaining('This is not the admin token.'),
  });
  const answer = await login({ name: 'Ann', token: rigAdminToken });
  expect(answer).toMatchObject({ status: 303 });
  expect(answer.headers.get('location')).toBe('/ops');
  const cookie = answer.headers.get('set-cookie')!;
  expect(cookie).toMatch(/^sluice_ops=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/);
  expect(cookie).not.toContain(rigAdminToken);
  const session = { headers: { cookie: cookie.split(';')[0]! } };
  expect((await get(`${ops.url}/ops`, session)).status).toBe(200);
  expect((await get(`${ops.url}/admin/status`, session)).status).toBe(200);
  expect((await get(`${ops.url}/ops/session`, session)).body).toEqual({ who: 'Ann' });
});

it('behind TLS the cookie travels over TLS only', async () => {
  const answer = await get(`${ops.url}/ops/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'x-forwarded-proto': 'https' },
    body: new URLSearchParams({ token: rigAdminToken }),
  });
  expect(answer.headers.get('set-cookie')).toContain('; Secure');
});

it('another page in the operator’s browser steers nothing', async () => {
  const cookie = await sessionOf('Ann');
  const pause = (headers: Record<string, string>) =>
    get(`${ops.url}/admin/pause`, { method: 'POST', headers: { cookie, ...headers } });
  for (const headers of [
    {},
    { origin: 'https://elsewhere.test' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:1' },
  ]) {
    expect(await pause(headers)).toMatchObject({ status: 403, body: { type: '/problems/foreign-origin' } });
  }
  expect((await rig.ledger.readCap()).paused).toBe(false);
  expect(await pause({ origin: origin() })).toMatchObject({ status: 200, body: { paused: true } });
  await rig.ledger.setPaused(false);
});

it('who logs out is out, and nobody else', async () => {
  const [ann, ben] = [await sessionOf('Ann'), await sessionOf('Ben')];
  const out = await get(`${ops.url}/ops/logout`, {
    method: 'POST',
    headers: { cookie: ann, origin: origin() },
  });
  expect(out.status).toBe(204);
  expect(out.headers.get('set-cookie')).toMatch(/^sluice_ops=; Max-Age=0;/);
  const status = (cookie: string) => get(`${ops.url}/admin/status`, { headers: { cookie } });
  expect((await status(ann)).status).toBe(401);
  expect((await status(ben)).status).toBe(200);
});

it('what operators do stands in the trail: who, through what, when, and what came of it', async () => {
  const cookie = await sessionOf('Ann <b>& Co</b>\n');
  const saleId = await rig.sale([{ sku: 'sku', stock: 5 }]);
  const byPage = { cookie, origin: origin(), 'content-type': 'application/json' };
  const byToken = { authorization: `Bearer ${rigAdminToken}`, 'content-type': 'application/json' };
  const send = (method: string, path: string, headers: Record<string, string>, body: object = {}) =>
    get(`${ops.url}/admin${path}`, { method, headers, body: JSON.stringify(body) });

  expect(await send('PUT', '/cap', byPage, { ordersPerSecond: 700 })).toMatchObject({ status: 200 });
  for (const ordersPerSecond of [0, -1, 'NaN', null, 10_000_000, 1.5]) {
    expect(await send('PUT', '/cap', byPage, { ordersPerSecond })).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching(/from 1 to 1,?000,?000/) },
    });
  }
  const restock = { restockId: 'r-1', sku: 'sku', pieces: 3 };
  expect(await send('POST', `/sales/${saleId}/restocks`, byToken, restock)).toMatchObject({ status: 200 });
  expect(
    await send('POST', `/sales/${saleId}/restocks`, byPage, { ...restock, restockId: 'r-2', sku: 'gone' }),
  ).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining('gone') },
  });
  expect(await send('POST', '/sales/not-there/close', byPage)).toMatchObject({
    status: 404,
    body: { detail: expect.stringContaining('not-there') },
  });

  const { body } = await get(`${ops.url}/admin/trail?limit=10`, { headers: { cookie } });
  const who = 'Ann <b>& Co</b>';
  expect(body.entries).toMatchObject([
    {
      who,
      via: 'page',
      action: 'sale close',
      outcome: 'refused',
      said: expect.stringContaining('not-there'),
    },
    { who, action: 'restock', outcome: 'refused' },
    { who: '127.0.0.1', via: 'api', action: 'restock', outcome: 'done', details: { saleId, pieces: 3 } },
    { action: 'cap', outcome: 'refused', details: { ordersPerSecond: 1.5 } },
    { action: 'cap', outcome: 'refused', details: { ordersPerSecond: 10_000_000 } },
    { action: 'cap', outcome: 'refused', details: { ordersPerSecond: 'NaN' } },
    { action: 'cap', outcome: 'refused', details: { ordersPerSecond: 'NaN' } },
    { action: 'cap', outcome: 'refused', details: { ordersPerSecond: -1 } },
    { action: 'cap', outcome: 'refused', details: { ordersPerSecond: 0 } },
    { who, action: 'cap', outcome: 'done', said: 'the cap is 700 orders/s, it was 2000' },
  ]);
  for (const { at } of body.entries) expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(60_000);
  await rig.ledger.setCap(2_000, 'configured');
});

it('a sale is closed and opened again by hand, and gateways know when the call returns', async () => {
  const gateway = await rig.gateway();
  const saleId = await rig.sale([{ sku: 'sku', stock: 5 }]);
  const headers = { authorization: `Bearer ${rigAdminToken}`, 'content-type': 'application/json' };
  const send = (action: string, body: object = {}) =>
    get(`${ops.url}/admin/sales/${saleId}/${action}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
  const phase = async () => (await get(`${gateway.url}/sales/${saleId}`)).body.state;

  expect(await send('open')).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining('open already') },
  });
  expect(await send('close')).toMatchObject({ status: 200 });
  expect(await phase()).toBe('closed');
  expect(await send('close')).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining('closed since') },
  });
  expect(await send('open')).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining('until when') },
  });
  expect(await send('open', { closesAt: 'soon' })).toMatchObject({ status: 400 });
  const past = new Date(Date.now() - 1_000).toISOString();
  expect(await send('open', { closesAt: past })).toMatchObject({ status: 409 });
  const closesAt = new Date(Date.now() + 60_000).toISOString();
  expect(await send('open', { closesAt })).toMatchObject({ status: 200, body: { closesAt } });
  expect(await phase()).toBe('open');
  await gateway.stop();
});
