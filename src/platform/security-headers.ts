import type { FastifyInstance } from 'fastify';

/**
 * For pages: their own scripts and styles only, in nobody's frame. A page that needs more sets its own
 * `content-security-policy`.
 */
const pagePolicy =
  "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/** Adds the headers that keep a browser from misusing an answer: `nosniff` to all, a policy to pages. */
export function protectPages(app: FastifyInstance): void {
  app.addHook('onSend', (_request, reply, payload, done) => {
    reply.header('x-content-type-options', 'nosniff');
    const type = reply.getHeader('content-type');
    if (typeof type === 'string' && type.startsWith('text/html')) {
      reply.header('referrer-policy', 'no-referrer');
      if (!reply.hasHeader('content-security-policy')) reply.header('content-security-policy', pagePolicy);
    }
    done(null, payload);
  });
}
