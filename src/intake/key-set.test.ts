import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLogger } from '../platform/logger.ts';
import { createKeySet } from './key-set.ts';
import { createTokenCache } from './token-cache.ts';

let nowMs = 1_000_000;
const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, sleep: async () => undefined };
const logger = createLogger('test', 'silent');

let answer: { status: number; body: string };
let fetches = 0;
const server = createServer((_request, response) => {
  fetches += 1;
  response.writeHead(answer.status).end(answer.body);
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

async function keyOf(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  return { jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' }, kid, privateKey };
}

const serve = (...keys: { jwk: object }[]) => {
  answer = { status: 200, body: JSON.stringify({ keys: keys.map((key) => key.jwk) }) };
};

function keySet() {
  let changes = 0;
  fetches = 0;
  const { port } = server.address() as AddressInfo;
  const { key } = createKeySet({
    url: `http://127.0.0.1:${port}/`,
    clock,
    logger,
    onChange: () => {
      changes += 1;
    },
  });
  return {
    changes: () => changes,
    verify: async (by: { kid: string; privateKey: CryptoKey }) =>
      jwtVerify(
        await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: by.kid }).sign(by.privateKey),
        key,
      ),
  };
}

it('a new key is fetched when a token first names it, and verdicts under the old keys are given up', async () => {
  const [first, second] = [await keyOf('first'), await keyOf('second')];
  serve(first);
  const set = keySet();
  await set.verify(first);
  serve(second);
  nowMs += 31_000;
  await set.verify(second);
  expect({ fetches, changes: set.changes() }).toEqual({ fetches: 2, changes: 1 });
  await expect(set.verify(first)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  expect(fetches).toBe(2);
});

it('a crowd with unknown keys shares one fetch', async () => {
  serve(await keyOf('first'));
  const set = keySet();
  const unknown = await keyOf('unknown');
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => set.verify(unknown)));
  expect(new Set(outcomes.map((outcome) => outcome.status))).toEqual(new Set(['rejected']));
  expect(fetches).toBe(1);
});

it('keys at hand serve while the issuer fails, and a token with another key is told to wait', async () => {
  const [first, second] = [await keyOf('first'), await keyOf('second')];
  serve(first);
  const set = keySet();
  await set.verify(first);
  for (const broken of [
    { status: 500, body: '' },
    { status: 200, body: 'not JSON' },
    { status: 200, body: '{"keys":1}' },
    { status: 200, body: 'x'.repeat(300_000) },
  ]) {
    answer = broken;
    nowMs += 11 * 60_000;
    await set.verify(first);
    await expect(set.verify(second)).rejects.toMatchObject({ code: 'keys-away' });
  }
  serve(first, second);
  nowMs += 2_000;
  await set.verify(second);
});

it('the token cache forgets at expiry, when cleared, and beyond its size', () => {
  const cache = createTokenCache({ maxTokens: 100, clock });
  cache.set('short', 'alice', nowMs + 10);
  cache.set('long', 'bob', nowMs + 1_000_000);
  expect([cache.get('short'), cache.get('long'), cache.get('other')]).toEqual(['alice', 'bob', undefined]);
  nowMs += 10;
  expect(cache.get('short')).toBeUndefined();
  for (let i = 0; i < 1_000; i++) {
    cache.set(`token ${i}`, 'crowd', nowMs + 1_000_000);
    // What is in use stays.
    expect(cache.get('long')).toBe('bob');
    expect(cache.size()).toBeLessThanOrEqual(100);
  }
  expect(cache.get('token 1')).toBeUndefined();
  cache.clear();
  expect([cache.get('long'), cache.size()]).toEqual([undefined, 0]);
});
