import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectProblem, post } from '../../test/support/http.ts';
import { createRig, type Rig, type RunningRole } from '../../test/support/rig.ts';
import {
  bearer,
  createIssuer,
  expectUnauthorized,
  type Issuer,
  jwt,
  orderOf,
  signedBy,
} from './tokens.testing.ts';

let rig: Rig;
let saleId: string;
let issuer: Issuer;

beforeAll(async () => {
  rig = await createRig();
  issuer = await createIssuer();
  saleId = await rig.sale([{ sku: 'sku', stock: 1_000 }]);
});
afterAll(() => rig.close());

const place = (headers: Record<string, string>, on: RunningRole) => post(on.url, saleId, orderOf(), headers);

it('a shared secret works, and then no public-key algorithm does', async () => {
  const secret = Buffer.alloc(32, 7);
  const hs = await rig.gateway({ ...jwt, JWT_KEY: secret.toString('base64'), JWT_ALGORITHMS: 'HS256' });
  const sign = (key: Uint8Array) => signedBy('HS256', key);
  expect((await place(bearer(await sign(secret)), hs)).status).toBe(202);
  expectUnauthorized(await place(bearer(await sign(Buffer.alloc(32, 8))), hs), /signature/);
  expectUnauthorized(await place(bearer(await issuer.tokenFor()), hs), /algorithm/);
  await hs.stop();
});

/** An issuer's key set that can go away and change. */
async function keySetServer() {
  let body: object = { keys: [] };
  let fetches = 0;
  let server: Server | undefined;
  let port = 0;
  const open = async () => {
    server = createServer((_request, response) => {
      fetches += 1;
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server!.listen(port, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  };
  await open();
  return {
    url: `http://127.0.0.1:${port}/keys`,
    fetches: () => fetches,
    serve: (keySet: object) => {
      body = keySet;
    },
    open,
    close: () =>
      new Promise<void>((resolve) => {
        server!.close(() => resolve());
        server!.closeAllConnections();
      }),
  };
}

const jwkOf = async (kid: string) => ({
  ...(await exportJWK(issuer.publicKey)),
  kid,
  alg: 'RS256',
  use: 'sig',
});

it('while the issuer’s keys cannot be had, known ones work and the rest is 503 rather than 401', async () => {
  const issuerKeys = await keySetServer();
  issuerKeys.serve({ keys: [await jwkOf('one')] });
  await issuerKeys.close();
  const remote = await rig.gateway({ ...jwt, JWT_JWKS_URL: issuerKeys.url });
  const answer = await place(bearer(await issuer.tokenFor()), remote);
  expect(expectProblem(answer, 503, 'unavailable', { retryAfter: true }).detail).toBe('keys-away');

  await issuerKeys.open();
  await expect
    .poll(async () => (await place(bearer(await issuer.tokenFor()), remote)).status, { timeout: 20_000 })
    .toBe(202);
  expect(issuerKeys.fetches()).toBe(1);
  expectUnauthorized(
    await place(bearer(await issuer.tokenFor({}, true, 'invented')), remote),
    /key of the token is unknown/,
  );
  // Invented keys cause no fetches of their own.
  expect(issuerKeys.fetches()).toBe(1);

  await issuerKeys.close();
  expect((await place(bearer(await issuer.tokenFor({ sub: 'new-one' })), remote)).status).toBe(202);
  await remote.stop();
});
