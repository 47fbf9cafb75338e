import type { FastifyReply } from 'fastify';

/** Begins an answer of server-sent events, which the caller writes to `reply.raw`; no proxy may keep them back. */
export function beginEventStream(reply: FastifyReply): void {
  reply.hijack();
  reply.raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
}
