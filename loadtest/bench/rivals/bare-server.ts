import type { ChildPart } from '../child.ts';
import { serveOrders } from './order-server.ts';

/** The ceiling: validates, answers 202 with a body like Sluice's, and does nothing. */
export const bareServerPart: ChildPart<object> = async () => {
  const { app, url } = await serveOrders(({ saleId, transactionId }, reply) =>
    reply.code(202).send({ saleId, transactionId, status: 'accepted', position: 123_456, etaSeconds: 61 }),
  );
  return { url, stop: () => app.close() };
};
