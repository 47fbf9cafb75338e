import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Authentication, Verdict } from './authenticate.ts';
import type { ClientLimit } from './client-limit.ts';
import { sendProblem } from './problems.ts';
import { retryAfterSeconds } from './waiting-time.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whom the bearer token stands for; empty while authentication is off. */
    customerId: string;
  }
}

export type CallerRefusal = 'rate-limited' | 'unauthorized' | 'unavailable';

/** A Fastify `onRequest` hook. */
export type IdentifyCaller = (request: FastifyRequest, reply: FastifyReply, done: () => void) => void;

/**
 * Who is it, and may they ask now? A customer whose token is known counts by itself; anyone else counts by address,
 * and that comes first, so that nobody can make the gateway check signatures faster than their address may ask.
 *
 * @param authentication absent: everyone is let in, and counts by address
 */
export function createCallerCheck(deps: {
  authentication: Authentication | undefined;
  clientLimit: ClientLimit;
}) {
  const { authentication, clientLimit } = deps;

  return function callerCheck(onRefused: (refusal: CallerRefusal) => void = () => undefined): IdentifyCaller {
    /** Answers 429 where the client has used up its share. */
    function isOverLimit(reply: FastifyReply, address: string, customerId?: string): boolean {
      const verdict = clientLimit.check(address, customerId);
      if (verdict.allowed) return false;
      onRefused('rate-limited');
      reply.header('ratelimit-policy', `"client";q=${clientLimit.maxPerSecond};w=1`);
      reply.header('ratelimit', `"client";r=0;t=${verdict.retryAfterSeconds}`);
      sendProblem(reply, 'rate-limited', { retryAfterSeconds: verdict.retryAfterSeconds });
      return true;
    }

    function refuse(reply: FastifyReply, verdict: Exclude<Verdict, { outcome: 'customer' }>): void {
      if (verdict.outcome === 'unavailable') {
        onRefused('unavailable');
        sendProblem(reply, 'unavailable', { detail: verdict.reason, retryAfterSeconds: retryAfterSeconds() });
        return;
      }
      onRefused('unauthorized');
      reply.header(
        'www-authenticate',
        `Bearer realm="sluice", error="invalid_token", error_description="${verdict.detail}"`,
      );
      sendProblem(reply, 'unauthorized', { detail: verdict.detail });
    }

    if (authentication === undefined) {
      return (request, reply, done) => {
        if (!isOverLimit(reply, request.ip)) done();
      };
    }

    return (request, reply, done) => {
      const token = bearerToken(request.headers.authorization);
      const known = token === undefined ? undefined : authentication.known(token);
      if (isOverLimit(reply, request.ip, known)) return;
      if (known !== undefined) {
        request.customerId = known;
        return done();
      }
      if (token === undefined) {
        onRefused('unauthorized');
        // Without an error code, as RFC 6750 has it for a request that carries no token.
        reply.header('www-authenticate', 'Bearer realm="sluice"');
        sendProblem(reply, 'unauthorized', { detail: 'send a bearer token in the Authorization header' });
        return;
      }
      void authentication.verify(token).then((verdict) => {
        if (verdict.outcome !== 'customer') return refuse(reply, verdict);
        request.customerId = verdict.customerId;
        done();
      });
    };
  };
}
export type CallerCheck = ReturnType<typeof createCallerCheck>;

function bearerToken(header: string | undefined): string | undefined {
  return header === undefined ? undefined : /^Bearer +([^\s]+)$/i.exec(header)?.[1];
}
