import type { FastifyInstance, FastifyReply } from 'fastify';
import { isOrderError } from '../order/errors.ts';
import { SaleFileError } from './sale-file.ts';

/** Refuses a request as RFC 9457 has it. */
export function refuse(reply: FastifyReply, status: number, type: string, detail: string): FastifyReply {
  return reply
    .code(status)
    .header('content-type', 'application/problem+json')
    .serializer(JSON.stringify)
    .send({ type: `/problems/${type}`, title: type, status, detail });
}

/** Turns what the stages throw into answers. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler(
    (error: Error & { validation?: unknown; statusCode?: number; code?: string }, request, reply) => {
      if (error instanceof RangeError || error instanceof SaleFileError)
        return refuse(reply, 400, 'invalid', error.message);
      if (isOrderError(error, 'unknown-sale')) return refuse(reply, 404, error.code, error.message);
      if (isOrderError(error, 'sale-change-refused')) return refuse(reply, 409, error.code, error.message);
      if (isOrderError(error)) return refuse(reply, 503, error.code, error.message);
      if (error.code === 'no-such-queue') return refuse(reply, 404, error.code, error.message);
      if (error.code === 'broker-away') return refuse(reply, 503, error.code, error.message);
      if (error.validation || (error.statusCode ?? 500) < 500) {
        return refuse(reply, error.statusCode ?? 400, 'invalid', error.message);
      }
      request.log.error({ err: error }, 'an admin request failed');
      return refuse(reply, 500, 'internal', 'this is a fault of ours');
    },
  );
}

/** The schema of a body with these fields, all of them and no others. */
export function exactly(properties: Record<string, object>): object {
  return { type: 'object', required: Object.keys(properties), additionalProperties: false, properties };
}
