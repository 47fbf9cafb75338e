import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../order/ports/trail.ts';
import type { Logger } from '../platform/logger.ts';
import { refuse } from './admin-problems.ts';
import type { LoginLimit } from './login-limit.ts';
import type { Session, Sessions } from './sessions.ts';

/** Holds the session's value; no script of a page can read it. */
export const sessionCookie = 'sluice_ops';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who acts; set for every request that has passed the guard. */
    actor: Actor;
  }
}

/** Lets nobody near the admin API who has neither the token nor a session that was got with it. */
export function createAdminGuard(deps: {
  adminToken: string | undefined;
  sessions: Sessions;
  loginLimit: LoginLimit;
  logger: Logger;
}) {
  const { adminToken, sessions, loginLimit, logger } = deps;

  function sessionOf(request: FastifyRequest): Session | undefined {
    return sessions.find(request.cookies[sessionCookie]);
  }

  /** Judges a token from an address: failures are counted, and too many are not heard any more. */
  function judge(
    request: FastifyRequest,
    token: string,
  ): 'right' | 'wrong' | { readonly waitSeconds: number } {
    const waitSeconds = loginLimit.waitSeconds(request.ip);
    if (waitSeconds > 0) return { waitSeconds };
    if (adminToken && sameSecret(token, adminToken)) return 'right';
    loginLimit.failed(request.ip);
    logger.warn(
      { who: request.ip, what: `${request.method} ${request.routeOptions.url}` },
      'admin login failed',
    );
    return 'wrong';
  }

  return {
    sessionOf,
    judge,

    /** The hook in front of every admin route. */
    async admit(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
      const session = sessionOf(request);
      if (session) {
        // The cookie is SameSite=Strict; a page on another port of this host would still be the same site.
        if (request.method !== 'GET' && !fromOwnPage(request)) {
          return refuse(reply, 403, 'foreign-origin', 'this call does not come from the ops page');
        }
        request.actor = { who: session.who, via: 'page' };
        return;
      }
      const [, token] = /^Bearer (.*)$/.exec(request.headers.authorization ?? '') ?? [];
      const verdict = token === undefined ? 'wrong' : judge(request, token);
      if (verdict === 'right') {
        request.actor = { who: request.ip, via: 'api' };
        return;
      }
      if (verdict !== 'wrong') {
        reply.header('retry-after', String(verdict.waitSeconds));
        return refuse(reply, 429, 'rate-limited', 'too many failed logins from this address');
      }
      reply.header('www-authenticate', 'Bearer');
      return refuse(reply, 401, 'unauthorized', 'send the admin token as a bearer token, or log in at /ops');
    },
  };
}
export type AdminGuard = ReturnType<typeof createAdminGuard>;

/** Whether the browser says that the page which sent this is one of ours. */
export function fromOwnPage({ headers }: FastifyRequest): boolean {
  const { origin, host } = headers;
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === host;
}

/** Compares in constant time, whatever the lengths. */
function sameSecret(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
