import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';

/** The issuer's keys can't be had, and the ones at hand are not the token's. */
export class KeysAwayError extends Error {
  override readonly name = 'KeysAwayError';
  readonly code = 'keys-away';
}

/** Keys older than this are fetched again in the background; the old ones serve meanwhile. */
const refreshAfterMs = 10 * 60_000;
/** A key that is not in the set causes a fetch at most this often, whoever invents key IDs. */
const cooldownMs = 30_000;
/** After a fetch that failed. */
const retryAfterMs = 2_000;
const fetchTimeoutMs = 3_000;
const maxBytes = 256 * 1024;

/**
 * The issuer's JSON Web Key Set. Once fetched it serves for as long as the issuer is away; a token with an unknown
 * key while the issuer can't be asked is a {@link KeysAwayError}, because its key may be new.
 *
 * @param onChange called when the keys are others than before
 */
export function createKeySet(deps: { url: string; clock: Clock; logger: Logger; onChange: () => void }): {
  key: JWTVerifyGetKey;
} {
  const { url, clock, logger } = deps;
  let current: { readonly text: string; readonly find: JWTVerifyGetKey } | undefined;
  let fetchedAtMs = Number.NEGATIVE_INFINITY;
  let failedAtMs = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | undefined;

  async function load(): Promise<void> {
    const text = await fetchText(url);
    if (text !== current?.text) {
      const find = createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
      if (current !== undefined) deps.onChange();
      current = { text, find };
    }
    fetchedAtMs = clock.monotonicMs();
    failedAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Fetches that are wanted at the same time are one; never rejects. */
  function refresh(): Promise<void> {
    if (clock.monotonicMs() - failedAtMs < retryAfterMs) return Promise.resolve();
    fetching ??= load()
      .catch((error: unknown) => {
        failedAtMs = clock.monotonicMs();
        logger.warn({ err: error }, 'the keys of the token issuer cannot be fetched');
      })
      .finally(() => {
        fetching = undefined;
      });
    return fetching;
  }

  const hasFailed = () => failedAtMs > fetchedAtMs;

  return {
    async key(header, token) {
      const ageMs = clock.monotonicMs() - fetchedAtMs;
      if (current === undefined) await refresh();
      else if (ageMs > refreshAfterMs) void refresh();
      if (current === undefined) throw new KeysAwayError('the keys of the token issuer are not known yet');
      try {
        return await current.find(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        if (clock.monotonicMs() - fetchedAtMs >= cooldownMs) await refresh();
        if (hasFailed()) throw new KeysAwayError('the key of the token is not known yet', { cause: error });
        return await current.find(header, token);
      }
    },
  };
}

async function fetchText(url: string): Promise<string> {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(fetchTimeoutMs),
    headers: { accept: 'application/json' },
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`the key set was answered with ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`the key set is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
