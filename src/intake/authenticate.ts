import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { orderLimits } from '../order/order.ts';
import type { Clock } from '../platform/clock.ts';
import { type JwtKey, readJwtKey } from '../platform/config/jwt-key.ts';
import type { Logger } from '../platform/logger.ts';
import { createKeySet, KeysAwayError } from './key-set.ts';
import { createTokenCache } from './token-cache.ts';

export interface JwtOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  /** Either the issuer's key set or one key, as `JWT_KEY` gives it. */
  readonly keys: { readonly jwksUrl: string } | { readonly key: string };
}

export type Verdict =
  | { readonly outcome: 'customer'; readonly customerId: string }
  /** What is wrong with the token, for its sender; never with any of its text. */
  | { readonly outcome: 'refused'; readonly detail: string }
  /** It can't be said: the issuer's keys are away, or too many tokens are being verified. */
  | { readonly outcome: 'unavailable'; readonly reason: 'keys-away' | 'verification-limit' };

/** Says which customer a bearer token stands for. */
export interface Authentication {
  /** The customer of a token that was verified before and has not expired. Cheap. */
  known(token: string): string | undefined;
  /** Verifies a token. Costs a signature check. */
  verify(token: string): Promise<Verdict>;
}

/** Tokens of this many customers at once are verified once each: about 10 MB. */
const maxTokens = 50_000;
/** Tokens of the usual issuers have 500 to 2,000 characters. */
const maxTokenLength = 4_096;
/** Verifications under way at once: about 100 ms of work. */
const maxVerifying = 1_000;
const clockToleranceSeconds = 5;

const customerIdPattern = new RegExp(orderLimits.customerIdPattern);

export function createAuthentication(deps: {
  options: JwtOptions;
  clock: Clock;
  logger: Logger;
}): Authentication {
  const { options, clock } = deps;
  const cache = createTokenCache({ maxTokens, clock });
  const getKey = keySource();
  let verifying = 0;

  function keySource(): JWTVerifyGetKey {
    if ('jwksUrl' in options.keys) {
      const { clock, logger } = deps;
      return createKeySet({ url: options.keys.jwksUrl, clock, logger, onChange: () => cache.clear() }).key;
    }
    const key = keyOf(readJwtKey(options.keys.key));
    return async () => key;
  }

  return {
    known: (token) => cache.get(token),

    async verify(token) {
      if (token.length > maxTokenLength) {
        return { outcome: 'refused', detail: `the token has more than ${maxTokenLength} characters` };
      }
      if (verifying >= maxVerifying) return { outcome: 'unavailable', reason: 'verification-limit' };
      verifying += 1;
      try {
        const { payload } = await jwtVerify(token, getKey, {
          issuer: options.issuer,
          audience: options.audience,
          algorithms: [...options.algorithms],
          requiredClaims: ['exp', 'sub'],
          clockTolerance: clockToleranceSeconds,
          currentDate: new Date(clock.nowMs()),
        });
        return customerOf(token, payload);
      } catch (error) {
        if (error instanceof KeysAwayError) return { outcome: 'unavailable', reason: 'keys-away' };
        return { outcome: 'refused', detail: describe(error) };
      } finally {
        verifying -= 1;
      }
    },
  };

  function customerOf(token: string, { sub, exp }: JWTPayload): Verdict {
    if (typeof sub !== 'string' || !customerIdPattern.test(sub)) {
      return {
        outcome: 'refused',
        detail: 'the sub of the token must have 1 to 128 printable ASCII characters without spaces',
      };
    }
    cache.set(token, sub, exp! * 1_000);
    return { outcome: 'customer', customerId: sub };
  }
}

function keyOf(jwtKey: JwtKey) {
  return jwtKey.kind === 'public' ? jwtKey.key : jwtKey.secret;
}

function describe(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.reason === 'missing'
      ? `the token has no ${error.claim}`
      : `the ${error.claim} of the token is not accepted`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'the algorithm of the token is not accepted';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature of the token is wrong';
  if (error instanceof errors.JWKSNoMatchingKey) return 'the key of the token is unknown';
  return 'the token is malformed';
}
