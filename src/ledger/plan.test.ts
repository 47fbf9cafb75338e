import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { claimedOrder, openTestLedger, putSale, type TestLedger } from './ledger.testing.ts';

let at: TestLedger;

beforeAll(async () => {
  at = await openTestLedger(inject('services'));
  await at.ledger.setCap(1_000_000, 'test');
});
afterAll(() => at.close());

/** The plan of every statement in a batch of ten orders, as Postgres ran it, in a session of its own. */
async function plansOfBatch(saleId: string): Promise<string> {
  const orders = Array.from({ length: 10 }, () => claimedOrder({ saleId, sku: 'a' }));
  const client = new pg.Client(at.databaseUrl);
  const plans: string[] = [];
  client.on('notice', (notice) => plans.push(notice.message ?? ''));
  await client.connect();
  await client.query(
    `LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
     SET client_min_messages = log`,
  );
  const { rows } = await client.query(
    'SELECT verdict, codes FROM sluice_settle_batch($1, $2, $3, $4, $5, $6, $7, 500, NULL)',
    [
      orders.map((o) => o.saleId),
      orders.map((o) => o.transactionId),
      orders.map((o) => o.sku),
      orders.map((o) => o.customerId),
      orders.map((o) => o.quantity),
      orders.map((o) => o.sequence),
      orders.map((o) => o.claimedAtMs),
    ],
  );
  await client.end();
  expect(rows).toEqual([{ verdict: 'written', codes: 'cccccccccc' }]);
  return plans.join('\n');
}

function expectIndexPlans(plans: string) {
  expect(plans).toContain('Index Scan using orders_pkey on orders');
  expect(plans).toContain('Index Only Scan using orders_confirmed_pieces on orders');
  expect(plans).not.toMatch(/Seq Scan|Bitmap Heap Scan on orders|Hash Join|Merge Join|JIT/);
}

test('a batch that takes the short way reaches every table by an index', async () => {
  const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 1_000 }]);
  const plans = await plansOfBatch(saleId);
  expect(plans).toContain('Index Scan using sale_items_pkey on sale_items');
  expect(plans).not.toMatch(/Seq Scan|Bitmap Heap Scan on orders|Hash Join|Merge Join|JIT/);
  // Decided as a whole: the orders are looked up by nothing but the primary key's own check.
  expect(plans).not.toContain('Index Scan using orders_pkey');
});

test('a batch never walks through all orders, neither while the table is empty nor once it is full', async () => {
  const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 1_000, customerLimit: 5 }]);
  expectIndexPlans(await plansOfBatch(saleId));
  await at.client.query(
    `INSERT INTO orders (sale_id, transaction_id, sku, customer_id, quantity, status, sequence, accepted_at, settled_at)
     SELECT $1, 'transaction-' || n, 'a', 'someone-' || n, 1, 'confirmed', n, now(), now()
       FROM generate_series(1, 20000) n`,
    [saleId],
  );
  expectIndexPlans(await plansOfBatch(saleId));
  await at.client.query('ANALYZE');
  expectIndexPlans(await plansOfBatch(saleId));
});
