import { generateKeyPair, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectProblem, get, post } from '../../test/support/http.ts';
import { createRig, newOrder, type Rig, type RunningRole } from '../../test/support/rig.ts';
import {
  audience,
  bearer,
  claimsOf,
  createIssuer,
  expectUnauthorized,
  type Issuer,
  jwt,
  orderOf,
  signedBy,
} from './tokens.testing.ts';

let rig: Rig;
let gateway: RunningRole;
let saleId: string;
let issuer: Issuer;

beforeAll(async () => {
  rig = await createRig();
  issuer = await createIssuer();
  gateway = await rig.gateway({ ...jwt, JWT_KEY: issuer.pem.replaceAll('\n', '\\n') });
  saleId = await rig.sale([
    { sku: 'sku', stock: 1_000 },
    { sku: 'rationed', stock: 10, customerLimit: 1 },
  ]);
});
afterAll(() => rig.close());

const place = (headers: Record<string, string>, on = gateway, order: object = orderOf()) =>
  post(on.url, saleId, order, headers);

it('the customer is the subject of the token', async () => {
  const order = orderOf();
  const answer = await place(bearer(await issuer.tokenFor({ sub: 'auth0|alice' })), gateway, order);
  expect(answer.status).toBe(202);
  const [view] = await rig.claims.read(saleId, [order.transactionId]);
  expect(view!.order.customerId).toBe('auth0|alice');
});

it('a limit per customer holds whatever token the customer comes with', async () => {
  const first = await issuer.tokenFor({ sub: 'keen', exp: 60 });
  const second = await issuer.tokenFor({ sub: 'keen', exp: 90 });
  expect((await place(bearer(first), gateway, orderOf('rationed'))).status).toBe(202);
  expectProblem(await place(bearer(second), gateway, orderOf('rationed')), 403, 'customer-limit');
});

it('a customer in the order is refused by its name, even the right one', async () => {
  const headers = bearer(await issuer.tokenFor());
  const { errors } = expectProblem(
    await place(headers, gateway, newOrder({ sku: 'sku', customerId: 'alice' })),
    400,
    'invalid',
  );
  expect(errors).toEqual([{ field: 'customerId', message: expect.stringContaining('token') }]);
});

it('no token, another scheme, and no token in the header are asked for one', async () => {
  for (const headers of [{}, { authorization: 'Basic YTpi' }, { authorization: 'Bearer' }]) {
    const answer = await place(headers);
    expectUnauthorized(answer, /send a bearer token/);
    expect(answer.headers.get('www-authenticate')).not.toContain('error');
  }
  expect((await place({ authorization: `bearer ${await issuer.tokenFor()}` })).status).toBe(202);
});

it('what is wrong with a token is said, and nothing is claimed', async () => {
  const before = (await rig.claims.counters(saleId))!.sequence;
  const stranger = await generateKeyPair('RS256');
  const valid = await issuer.tokenFor();
  const [header, payload, signature] = valid.split('.') as [string, string, string];
  const swapped = Buffer.from(JSON.stringify(claimsOf({ sub: 'mallory' }))).toString('base64url');
  const cases: [token: string, about: RegExp][] = [
    ['not-a-token', /malformed/],
    ['a.b.c', /malformed/],
    [`${'x'.repeat(5_000)}`, /4096 characters/],
    [`${header}.${swapped}.${signature}`, /signature/],
    [`${header}.${payload}.`, /signature|malformed/],
    [await signedBy('RS256', stranger.privateKey), /signature/],
    // The public key as a shared secret: the old confusion of algorithms.
    [await signedBy('HS256', new TextEncoder().encode(issuer.pem)), /algorithm/],
    [await signedBy('PS256', (await generateKeyPair('PS256')).privateKey), /algorithm/],
    [new UnsecuredJWT(claimsOf({})).encode(), /algorithm|malformed/],
    [await issuer.tokenFor({ exp: -6 }), /expired/],
    [await issuer.tokenFor({ nbf: 30 }), /nbf/],
    [await issuer.tokenFor({}, false), /no exp/],
    [await issuer.tokenFor({ iss: 'https://other.example' }), /iss/],
    [await issuer.tokenFor({ aud: 'another-shop' }), /aud/],
    [await issuer.tokenFor({ sub: 'has space' }), /sub/],
    [await issuer.tokenFor({ sub: 'x'.repeat(129) }), /sub/],
    [await issuer.tokenFor({ sub: '' }), /sub/],
    [await issuer.tokenFor({ sub: 7 }), /sub/],
    [await issuer.tokenFor({ sub: undefined }), /no sub/],
  ];
  for (const [token, about] of cases) {
    const answer = await place(bearer(token));
    expectUnauthorized(answer, about);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  }
  expect((await rig.claims.counters(saleId))!.sequence).toBe(before);
  expect(await gateway.metric('sluice_orders_total', { outcome: 'unauthorized' })).toBeGreaterThanOrEqual(
    cases.length,
  );
});

it('clocks that differ by less than five seconds are no reason to refuse', async () => {
  expect((await place(bearer(await issuer.tokenFor({ exp: -2 })))).status).toBe(202);
  expect((await place(bearer(await issuer.tokenFor({ nbf: 3 })))).status).toBe(202);
  expect((await place(bearer(await issuer.tokenFor({ aud: ['other', audience] })))).status).toBe(202);
});

it('the status of an order is its customer’s alone, as an answer and as a stream', async () => {
  const order = orderOf();
  const alice = bearer(await issuer.tokenFor({ sub: 'alice' }));
  const bob = bearer(await issuer.tokenFor({ sub: 'bob' }));
  await place(alice, gateway, order);
  const url = `${gateway.url}/sales/${saleId}/orders/${order.transactionId}`;
  expect((await get(url, { headers: alice })).body).toMatchObject({ transactionId: order.transactionId });
  for (const path of [url, `${url}/events`]) {
    expectProblem(await get(path, { headers: bob }), 404, 'unknown-order');
    expectUnauthorized(await get(path), /bearer token/);
  }
  const stranger = await get(`${gateway.url}/sales/${saleId}/orders/no-such-order`, { headers: bob });
  const others = await get(url, { headers: bob });
  expect(others.body).toEqual(stranger.body);

  const stream = await fetch(`${url}/events`, { headers: alice });
  expect(stream.headers.get('content-type')).toContain('text/event-stream');
  expect(stream.headers.get('x-content-type-options')).toBe('nosniff');
  await stream.body!.cancel();
});

it('so it is once only the ledger knows the order', async () => {
  const order = orderOf();
  const alice = bearer(await issuer.tokenFor({ sub: 'alice' }));
  await place(alice, gateway, order);
  const drainer = await rig.drainer();
  const url = `${gateway.url}/sales/${saleId}/orders/${order.transactionId}`;
  await expect
    .poll(async () => (await get(url, { headers: alice })).body.status, { timeout: 20_000 })
    .toBe('confirmed');
  await drainer.stop();
  await rig.claims.removeSale(saleId);
  await expect
    .poll(async () => (await get(`${gateway.url}/sales/${saleId}`)).status, { timeout: 20_000 })
    .toBe(404);
  expect((await get(url, { headers: alice })).body).toMatchObject({ status: 'confirmed' });
  const bob = bearer(await issuer.tokenFor({ sub: 'bob' }));
  expectProblem(await get(url, { headers: bob }), 404, 'unknown-order');
  saleId = await rig.sale([{ sku: 'sku', stock: 1_000 }]);
});

it('a form, which can’t carry a token, orders and shows nothing', async () => {
  const { transactionId } = orderOf();
  const alice = bearer(await issuer.tokenFor({ sub: 'alice' }));
  const fields = { sale: saleId, transactionId, sku: 'sku', quantity: '1', customerId: 'bob' };
  const sent = {
    method: 'POST',
    headers: alice,
    body: new URLSearchParams(fields),
    redirect: 'manual',
  } as const;
  expect((await get(`${gateway.url}/shop/orders`, sent)).status).toBe(404);
  expect(await rig.claims.read(saleId, [transactionId])).toEqual([undefined]);
  const bobs = orderOf();
  expect((await place(bearer(await issuer.tokenFor({ sub: 'bob' })), gateway, bobs)).status).toBe(202);
  const page = `${gateway.url}/shop/orders/${saleId}/${bobs.transactionId}`;
  expect((await get(page, { headers: alice })).status).toBe(404);
});

it('sales, documentation and health need no token', async () => {
  for (const path of [
    '/sales',
    `/sales/${saleId}`,
    '/docs',
    '/docs/json',
    '/livez',
    '/readyz',
    '/problems/invalid',
  ]) {
    expect((await get(gateway.url + path)).status, path).toBe(200);
  }
  const { body } = await get(`${gateway.url}/docs/json`);
  expect(body.components.securitySchemes.bearer).toMatchObject({ type: 'http', scheme: 'bearer' });
  expect(body.paths['/sales/{saleId}/orders'].post.security).toEqual([{ bearer: [] }]);
});

it('a client counts by its customer once the token is known, and by its address before', async () => {
  const strict = await rig.gateway({
    ...jwt,
    JWT_KEY: issuer.pem,
    TRUST_PROXY: '127.0.0.1',
    CLIENT_MAX_REQUESTS_PER_SECOND: '2',
  });
  const from = (address: string, headers: Record<string, string>) =>
    place({ ...headers, 'x-forwarded-for': address }, strict);
  const [alice, bob] = [
    bearer(await issuer.tokenFor({ sub: 'alice' })),
    bearer(await issuer.tokenFor({ sub: 'bob' })),
  ];
  // So many that they are over the limit also where they take seconds.
  const attempts = 60;
  // Each is introduced from an address of its own, then both share one.
  expect((await from('203.0.113.1', alice)).status).toBe(202);
  expect((await from('203.0.113.2', bob)).status).toBe(202);
  const crowd = await Promise.all(Array.from({ length: attempts }, () => from('203.0.113.3', alice)));
  expect(crowd.filter((answer) => answer.status === 429).length).toBeGreaterThan(0);
  expect((await from('203.0.113.3', bob)).status).toBe(202);
  // The customer is over the limit everywhere.
  const elsewhere = await Promise.all(Array.from({ length: attempts }, () => from('203.0.113.4', alice)));
  expect(elsewhere.filter((answer) => answer.status === 429).length).toBeGreaterThan(0);
  // Bad tokens count by address, before they are looked at.
  const bad = await Promise.all(
    Array.from({ length: attempts }, (_, i) => from('203.0.113.5', bearer(`bad.${i}.token`))),
  );
  expect(new Set(bad.map((answer) => answer.status))).toEqual(new Set([401, 429]));
  await strict.stop();
});
