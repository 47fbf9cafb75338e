import { type CryptoKey, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { expect } from 'vitest';
import { type Answer, expectProblem } from '../../test/support/http.ts';
import { newOrder } from '../../test/support/rig.ts';

const issuer = 'https://issuer.example';
export const audience = 'sluice';

/** The settings of a gateway that trusts the test's issuer, but for its keys. */
export const jwt = { AUTH: 'jwt', JWT_ISSUER: issuer, JWT_AUDIENCE: audience };

interface Claims {
  sub?: unknown;
  iss?: string;
  aud?: string | string[];
  /** Seconds from now. */
  exp?: number | undefined;
  nbf?: number;
}

const nowSeconds = () => Math.floor(Date.now() / 1_000);

/** The claims of a good token of `alice`, but for those that are given. */
export function claimsOf({ exp = 60, nbf, ...claims }: Claims, withExp = true): JWTPayload {
  return {
    ...{ sub: 'alice', iss: issuer, aud: audience },
    ...claims,
    ...(withExp ? { exp: nowSeconds() + exp } : {}),
    ...(nbf === undefined ? {} : { nbf: nowSeconds() + nbf }),
    // A subject of another type is what some of these tests are about.
  } as JWTPayload;
}

/** An issuer with an RS256 key `one`. */
export async function createIssuer() {
  const keys = await generateKeyPair('RS256', { extractable: true });
  const pem = await exportSPKI(keys.publicKey);
  return {
    publicKey: keys.publicKey,
    /** The public key, as text. */
    pem,
    tokenFor: (claims: Claims = {}, withExp = true, kid = 'one') =>
      new SignJWT(claimsOf(claims, withExp)).setProtectedHeader({ alg: 'RS256', kid }).sign(keys.privateKey),
  };
}

export type Issuer = Awaited<ReturnType<typeof createIssuer>>;

/** Signs a good token in another way. */
export const signedBy = (alg: string, key: CryptoKey | Uint8Array) =>
  new SignJWT(claimsOf({})).setProtectedHeader({ alg }).sign(key);

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** An order as it is sent where the token names the customer. */
export function orderOf(sku = 'sku') {
  const { customerId: _, ...order } = newOrder({ sku });
  return order;
}

export function expectUnauthorized(answer: Answer, about: RegExp) {
  expect(expectProblem(answer, 401, 'unauthorized').detail).toMatch(about);
  expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="sluice"/);
}
