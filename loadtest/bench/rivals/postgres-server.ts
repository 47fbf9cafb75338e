import pg from 'pg';
import type { ChildPart } from '../child.ts';
import { serveOrders } from './order-server.ts';

export interface PostgresServerSettings {
  readonly databaseUrl: string;
  readonly poolSize: number;
}

/**
 * One transaction per request, as short as it can be: one prepared call of one function, autocommitted, which
 * takes the stock and writes the order once per transaction ID.
 */
export const postgresServerPart: ChildPart<PostgresServerSettings> = async ({ databaseUrl, poolSize }) => {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: poolSize, min: poolSize });
  pool.on('error', () => {});
  const { app, url } = await serveOrders(async (order, reply) => {
    const { saleId, transactionId, sku, quantity, customerId } = order;
    const { rows } = await pool.query<{ outcome: string }>({
      name: 'place',
      text: 'SELECT per_request.place_order($1, $2, $3, $4, $5) AS outcome',
      values: [saleId, transactionId, sku, customerId, quantity],
    });
    const { outcome } = rows[0]!;
    if (outcome === 'sold-out') return reply.code(409).send({ title: 'sold out' });
    return reply.code(200).send({ saleId, transactionId, sku, quantity, status: 'confirmed' });
  });
  return {
    url,
    async stop() {
      await app.close();
      await pool.end();
    },
  };
};
