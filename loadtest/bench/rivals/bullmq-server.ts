import { Queue } from 'bullmq';
import type { ChildPart } from '../child.ts';
import { serveOrders } from './order-server.ts';

export interface BullmqSettings {
  readonly redis: { readonly host: string; readonly port: number };
  readonly queueName: string;
}

/**
 * One `queue.add` per request, the transaction ID as the job's, so that BullMQ too takes an order once. Finished
 * jobs are removed at once, as its guide for production asks.
 */
export const bullmqServerPart: ChildPart<BullmqSettings> = async ({ redis, queueName }) => {
  const queue = new Queue(queueName, { connection: { ...redis } });
  await queue.waitUntilReady();
  const { app, url } = await serveOrders(async (order, reply) => {
    const { saleId, transactionId } = order;
    await queue.add('order', order, { jobId: transactionId, removeOnComplete: true });
    return reply.code(202).send({ saleId, transactionId, status: 'accepted' });
  });
  return {
    url,
    async stop() {
      await app.close();
      await queue.close();
    },
  };
};
