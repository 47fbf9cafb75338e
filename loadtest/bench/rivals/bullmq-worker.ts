import { Worker } from 'bullmq';
import pg from 'pg';
import type { ChildPart } from '../child.ts';
import type { BullmqSettings } from './bullmq-server.ts';
import type { RivalOrder } from './order-server.ts';

export interface BullmqWorkerSettings extends BullmqSettings {
  readonly databaseUrl: string;
  readonly concurrency: number;
  readonly poolSize: number;
}

/** Writes one row per job, once per transaction ID. It keeps no stock: that would only slow it down. */
export const bullmqWorkerPart: ChildPart<BullmqWorkerSettings> = async (settings) => {
  const { redis, queueName, databaseUrl, concurrency, poolSize } = settings;
  const pool = new pg.Pool({ connectionString: databaseUrl, max: poolSize, min: poolSize });
  pool.on('error', () => {});
  const worker = new Worker<RivalOrder>(
    queueName,
    async ({ data }) => {
      await pool.query({
        name: 'write',
        text:
          'INSERT INTO bullmq.orders (sale_id, transaction_id, sku, customer_id, quantity) ' +
          'VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING',
        values: [data.saleId, data.transactionId, data.sku, data.customerId, data.quantity],
      });
    },
    { connection: { ...redis, maxRetriesPerRequest: null }, concurrency },
  );
  worker.on('error', (error) => console.error(`bullmq worker: ${error.message}`));
  await worker.waitUntilReady();
  return {
    async stop() {
      // Waits for the jobs under way.
      await worker.close();
      await pool.end();
    },
  };
};
