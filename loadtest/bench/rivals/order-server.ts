import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import { type OrderBody, orderBody, orderReply, saleParams } from '../../../src/intake/schemas.ts';

export interface RivalOrder extends OrderBody {
  readonly saleId: string;
  readonly transactionId: string;
}

/**
 * A Fastify server with Sluice's route, schemas and validation rules, and nothing else: `place` does the work and
 * sends the answer.
 */
export async function serveOrders(
  place: (order: RivalOrder, reply: FastifyReply) => FastifyReply | Promise<FastifyReply>,
): Promise<{ app: FastifyInstance; url: string }> {
  const app = fastify({
    logger: false,
    bodyLimit: 8 * 1024,
    requestTimeout: 10_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: true,
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: true },
    },
  });
  app.route<{ Params: { saleId: string }; Body: OrderBody & { transactionId: string } }>({
    method: 'POST',
    url: '/sales/:saleId/orders',
    schema: {
      params: saleParams,
      body: { ...orderBody, required: [...orderBody.required, 'transactionId'] },
      response: { 200: orderReply, 202: orderReply },
    },
    handler: (request, reply) => {
      const { transactionId, sku, quantity, customerId } = request.body;
      return place({ saleId: request.params.saleId, transactionId, sku, quantity, customerId }, reply);
    },
  });
  return { app, url: await app.listen({ host: '127.0.0.1', port: 0 }) };
}
