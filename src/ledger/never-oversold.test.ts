import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { ClaimedOrder } from '../order/order.ts';
import { claimedOrder, openTestLedger, putSale, settle, type TestLedger, words } from './ledger.testing.ts';
import type { LedgerStage } from './ledger.ts';

let at: TestLedger;
let ledgers: LedgerStage[];

beforeAll(async () => {
  at = await openTestLedger(inject('services'));
  await at.ledger.setCap(1_000_000, 'test');
  ledgers = Array.from({ length: 4 }, () => at.another({ poolSize: 1 }));
});
afterAll(() => at.close());

const stocks = { a: 7, b: 20, c: 0 } as const;
const limits: Record<string, number | undefined> = { b: 3 };

const orders = fc.record({
  transactionId: fc.integer({ min: 1, max: 40 }).map((n) => `transaction-${n}`),
  sku: fc.constantFrom('a', 'b', 'c', 'nope'),
  customerId: fc.constantFrom('ann', 'bob', 'cid'),
  quantity: fc.integer({ min: 1, max: 4 }),
});
const batches = fc.array(fc.array(orders, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 12 });

function newSale() {
  return putSale(
    at.ledger,
    Object.entries(stocks).map(([sku, stock]) => {
      const customerLimit = limits[sku];
      return { sku, stock, ...(customerLimit === undefined ? {} : { customerLimit }) };
    }),
  );
}

/** The ledger's rules in a few lines, one order at a time. */
function createModel() {
  const left: Record<string, number> = { ...stocks };
  const pieces = new Map<string, number>();
  const settled = new Map<string, string>();
  function decide({ sku, customerId, quantity }: ClaimedOrder): string {
    const stock = left[sku];
    if (stock === undefined) return 'unknown-sku';
    if (stock < quantity) return 'sold-out';
    const key = `${sku} ${customerId}`;
    const had = pieces.get(key) ?? 0;
    if (had + quantity > (limits[sku] ?? Number.POSITIVE_INFINITY)) return 'customer-limit';
    left[sku] = stock - quantity;
    pieces.set(key, had + quantity);
    return 'confirmed';
  }
  return {
    left,
    settled,
    settle(order: ClaimedOrder): string {
      const word = settled.get(order.transactionId) ?? decide(order);
      settled.set(order.transactionId, word);
      return word;
    },
  };
}

test('one caller’s batches settle as the model says, order by order', async () => {
  await fc.assert(
    fc.asyncProperty(batches, async (walk) => {
      const saleId = await newSale();
      const model = createModel();
      for (const batch of walk) {
        const claimed = batch.map((order) => claimedOrder({ saleId, ...order }));
        expect(words(await settle(at.ledger, claimed))).toEqual(claimed.map((order) => model.settle(order)));
      }
      const sale = await at.ledger.sale(saleId);
      expect(Object.fromEntries(sale!.items.map((item) => [item.sku, item.stockLeft]))).toEqual(model.left);
    }),
    { numRuns: 60 },
  );
});

test('four callers at once never oversell, and all agree on each order', async () => {
  await fc.assert(
    fc.asyncProperty(batches, async (walk) => {
      const saleId = await newSale();
      const answers = new Map<string, Set<string>>();
      const lines = ledgers.map((ledger, i) => ({
        ledger,
        batches: walk.filter((_, n) => n % 4 === i || n % 3 === 0),
      }));
      await Promise.all(
        lines.map(async (line) => {
          for (const batch of line.batches) {
            const claimed = batch.map((order) => claimedOrder({ saleId, ...order }));
            for (const { order, status, reason } of await settle(line.ledger, claimed)) {
              const seen = answers.get(order.transactionId) ?? new Set();
              answers.set(order.transactionId, seen.add(reason ?? status));
            }
          }
        }),
      );
      for (const seen of answers.values()) expect(seen.size).toBe(1);
      await expectConserved(saleId, answers.size);
    }),
    { numRuns: 40 },
  );
});

async function expectConserved(saleId: string, transactions: number) {
  const { rows: items } = await at.client.query(
    `SELECT i.sku, i.stock_initial - i.stock_left AS taken, i.stock_left AS left,
            coalesce(sum(o.quantity) FILTER (WHERE o.status = 'confirmed'), 0)::integer AS sold
       FROM sale_items i LEFT JOIN orders o USING (sale_id, sku)
      WHERE i.sale_id = $1 GROUP BY i.sku, i.stock_initial, i.stock_left`,
    [saleId],
  );
  expect(items).toHaveLength(3);
  for (const item of items) {
    expect(item.left).toBeGreaterThanOrEqual(0);
    expect(item.sold).toBe(item.taken);
  }
  const { rows: buyers } = await at.client.query(
    `SELECT sku, sum(quantity)::integer AS pieces FROM orders
      WHERE sale_id = $1 AND status = 'confirmed' GROUP BY sku, customer_id`,
    [saleId],
  );
  for (const { sku, pieces } of buyers) {
    expect(pieces).toBeLessThanOrEqual(limits[sku] ?? Number.POSITIVE_INFINITY);
  }
  const { rows } = await at.client.query('SELECT count(*)::integer AS n FROM orders WHERE sale_id = $1', [
    saleId,
  ]);
  expect(rows[0].n).toBe(transactions);
}

test('two sales in opposite order, restocks and applied sale files at once do not deadlock', async () => {
  const items = [
    { sku: 'a', stock: 10_000 },
    { sku: 'b', stock: 10_000 },
  ];
  const one = await putSale(at.ledger, items);
  const two = await putSale(at.ledger, items);
  const keys = [one, two].flatMap((saleId) => items.map(({ sku }) => ({ saleId, sku })));
  const rounds = Array.from({ length: 40 }, (_, n) => n);
  const file = (await at.ledger.sale(one))!;
  await Promise.all([
    ...ledgers.map(async (ledger, i) => {
      const order = i % 2 === 0 ? keys : keys.toReversed();
      for (const _ of rounds)
        await settle(
          ledger,
          order.map((key) => claimedOrder(key)),
        );
    }),
    (async () => {
      for (const n of rounds) await at.ledger.restock(one, `restock-${n}`, n % 2 === 0 ? 'a' : 'b', 1);
    })(),
    (async () => {
      for (const _ of rounds) await at.ledger.applySale(file);
    })(),
  ]);
  const left = [...(await at.ledger.sale(one))!.items, ...(await at.ledger.sale(two))!.items];
  expect(left.map((item) => item.stockLeft)).toEqual([9_860, 9_860, 9_840, 9_840]);
});
