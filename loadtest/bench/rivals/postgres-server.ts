import pg from 'pg';
import type { ChildPart } from '../child.ts';
import { type RivalOrder, serveOrders } from './order-server.ts';

export interface PostgresServerSettings {
  readonly databaseUrl: string;
  readonly poolSize: number;
  /** `statements`: as shops write it. `function`: all of it in one call of a stored function, autocommitted. */
  readonly form: 'statements' | 'function';
}

type Outcome = 'confirmed' | 'replayed' | 'sold-out';

/** One transaction per request, which takes the stock and writes the order once per transaction ID. */
export const postgresServerPart: ChildPart<PostgresServerSettings> = async ({
  databaseUrl,
  poolSize,
  form,
}) => {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: poolSize, min: poolSize });
  pool.on('error', () => {});
  const place = form === 'function' ? placeInOneCall : placeInStatements;
  const { app, url } = await serveOrders(async (order, reply) => {
    const { saleId, transactionId, sku, quantity } = order;
    if ((await place(pool, order)) === 'sold-out') return reply.code(409).send({ title: 'sold out' });
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

async function placeInOneCall(pool: pg.Pool, order: RivalOrder): Promise<Outcome> {
  const { saleId, transactionId, sku, quantity, customerId } = order;
  const { rows } = await pool.query<{ outcome: Outcome }>({
    name: 'place',
    text: 'SELECT per_request.place_order($1, $2, $3, $4, $5) AS outcome',
    values: [saleId, transactionId, sku, customerId, quantity],
  });
  return rows[0]!.outcome;
}

/** The order before the stock, so that the one row that everybody needs is locked for as short as it can be. */
async function placeInStatements(pool: pg.Pool, order: RivalOrder): Promise<Outcome> {
  const { saleId, transactionId, sku, quantity, customerId } = order;
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const inserted = await client.query({
      name: 'insert',
      text:
        'INSERT INTO per_request.orders (sale_id, transaction_id, sku, customer_id, quantity) ' +
        'VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING',
      values: [saleId, transactionId, sku, customerId, quantity],
    });
    const taken =
      inserted.rowCount === 1 &&
      (await client.query({
        name: 'take',
        text:
          'UPDATE per_request.stock SET stock_left = stock_left - $3 ' +
          'WHERE sale_id = $1 AND sku = $2 AND stock_left >= $3',
        values: [saleId, sku, quantity],
      }));
    const soldOut = taken && taken.rowCount === 0;
    await client.query(soldOut ? 'ROLLBACK' : 'COMMIT');
    if (soldOut) return 'sold-out';
    return taken ? 'confirmed' : 'replayed';
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}
