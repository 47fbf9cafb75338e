import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { Follower } from '../../src/events/follower.ts';
import { createLoyalty } from '../../src/events/followers/loyalty/follower.ts';
import { createRanking } from '../../src/events/followers/ranking/follower.ts';
import { applyInLedger } from '../../src/events/perform.ts';
import {
  claimedOrder,
  openTestLedger,
  putSale,
  settle,
  type TestLedger,
} from '../../src/ledger/ledger.testing.ts';
import { eventOf, type OrderEvent } from '../../src/order/events.ts';
import type { ClaimedOrder } from '../../src/order/order.ts';

let db: TestLedger;

beforeAll(async () => {
  db = await openTestLedger(inject('services'));
  await db.ledger.setCap(100_000, 'test');
});
afterAll(() => db?.close());

/** As the harness has it done: once per event, with the memory of it. */
function handle({ name, effect }: Follower, events: readonly OrderEvent[]): Promise<number> {
  if (effect.within !== 'ledger') throw new Error('it writes elsewhere');
  const context = { logger: undefined as never, signal: new AbortController().signal };
  return applyInLedger(db.ledger, { name, effect }, events, context);
}

const ranking = createRanking();
const loyalty = createLoyalty({ minorPerPoint: 100 });

/** Confirms orders in the ledger and resolves with their events. */
async function confirm(orders: readonly ClaimedOrder[]): Promise<OrderEvent[]> {
  const settled = await settle(db.ledger, orders);
  return orders.map((order, at) =>
    eventOf({ order, status: settled[at]!.status, settledAtMs: settled[at]!.settledAtMs }),
  );
}

it('ranks SKUs by pieces and customers by their first place in line, each customer once', async () => {
  const saleId = await putSale(db.ledger, [
    { sku: 'ball', stock: 100 },
    { sku: 'bat', stock: 100 },
  ]);
  const events = await confirm([
    claimedOrder({ saleId, sku: 'ball', quantity: 2, customerId: 'late', sequence: 30 }),
    claimedOrder({ saleId, sku: 'bat', quantity: 5, customerId: 'first', sequence: 1 }),
    claimedOrder({ saleId, sku: 'ball', quantity: 1, customerId: 'first', sequence: 40 }),
    claimedOrder({ saleId, sku: 'ball', quantity: 1, customerId: 'second', sequence: 20 }),
    claimedOrder({ saleId, sku: 'bat', quantity: 1, customerId: 'second', sequence: 2 }),
  ]);
  // In no particular order, and twice, as a queue may bring them.
  await handle(ranking, events.slice(0, 3));
  await handle(ranking, events.slice(2));
  await handle(ranking, events);
  const expected = {
    bestSellers: [
      { sku: 'bat', pieces: 6, orders: 2 },
      { sku: 'ball', pieces: 4, orders: 3 },
    ],
    fastestBuyers: [
      { customerId: 'first', sku: 'bat', acceptedAtMs: expect.any(Number) },
      { customerId: 'second', sku: 'bat', acceptedAtMs: expect.any(Number) },
      { customerId: 'late', sku: 'ball', acceptedAtMs: expect.any(Number) },
    ],
  };
  expect(await db.ledger.ranking(saleId, 10)).toEqual(expected);
  expect(await db.ledger.recomputeRanking(saleId)).toBe(5);
  expect(await db.ledger.ranking(saleId, 10)).toEqual(expected);
  expect(await db.ledger.ranking(saleId, 1)).toMatchObject({ bestSellers: [{ sku: 'bat' }] });
});

it('keeps the first customers and no crowd behind them', async () => {
  const saleId = await putSale(db.ledger, [{ sku: 'ball', stock: 10_000 }]);
  const orders = Array.from({ length: 1_000 }, (_, at) =>
    claimedOrder({ saleId, sku: 'ball', customerId: `c${at}`, sequence: 1_000 - at }),
  );
  for (let at = 0; at < orders.length; at += 100) {
    const events = await confirm(orders.slice(at, at + 100));
    await handle(ranking, events);
  }
  const { fastestBuyers } = await db.ledger.ranking(saleId, 3);
  expect(fastestBuyers.map(({ customerId }) => customerId)).toEqual(['c999', 'c998', 'c997']);
  const last = claimedOrder({ saleId, sku: 'ball', customerId: 'too-late', sequence: 5_000 });
  await handle(ranking, await confirm([last]));
  const { rows } = await db.client.query(
    "SELECT count(*)::int AS n FROM ranking_buyers WHERE sale_id = $1 AND customer_id = 'too-late'",
    [saleId],
  );
  expect(rows).toEqual([{ n: 0 }]);
});

it('counts each order once when it is recomputed beside followers at work', async () => {
  const skus = ['ball', 'bat', 'cap', 'net'];
  const saleId = await putSale(
    db.ledger,
    skus.map((sku) => ({ sku, stock: 10_000 })),
  );
  for (let round = 0; round < 30; round++) {
    const orders = Array.from({ length: 40 }, (_, at) => claimedOrder({ saleId, sku: skus[at % 4]! }));
    const events = await confirm(orders);
    await Promise.all([
      handle(ranking, events.slice(0, 20)),
      db.ledger.recomputeRanking(saleId),
      handle(ranking, events.slice(20)),
    ]);
  }
  const { bestSellers } = await db.ledger.ranking(saleId, 10);
  expect(bestSellers).toEqual(skus.map((sku) => ({ sku, pieces: 300, orders: 300 })));
});

it('enters the points of each order once, at the price in the ledger, and leaves out what has none', async () => {
  const saleId = await putSale(db.ledger, [{ sku: 'ball', stock: 100, priceMinor: 1_999 }]);
  const customerId = `customer-${randomUUID()}`;
  const events = await confirm([
    claimedOrder({ saleId, sku: 'ball', quantity: 2, customerId }),
    claimedOrder({ saleId, sku: 'ball', quantity: 1, customerId }),
  ]);
  expect(await handle(loyalty, [...events, events[0]!])).toBe(2);
  expect(await handle(loyalty, [...events].reverse())).toBe(0);
  const { rows } = await db.client.query(
    'SELECT points::int FROM loyalty_entries WHERE customer_id = $1 ORDER BY points',
    [customerId],
  );
  expect(rows).toEqual([{ points: 19 }, { points: 39 }]);

  const unknown = eventOf({
    order: claimedOrder({ saleId, sku: 'bat', customerId }),
    status: 'confirmed',
    settledAtMs: Date.now(),
  });
  await expect(handle(loyalty, [unknown])).rejects.toMatchObject({ code: 'effect-refused' });
});

it('is gone with its sale; points stay', async () => {
  const saleId = await putSale(db.ledger, [{ sku: 'ball', stock: 10 }]);
  const events = await confirm([claimedOrder({ saleId, sku: 'ball' })]);
  await handle(ranking, events);
  await handle(loyalty, events);
  await db.ledger.removeSale(saleId);
  expect(await db.ledger.ranking(saleId, 10)).toEqual({ bestSellers: [], fastestBuyers: [] });
  const { rows } = await db.client.query(
    'SELECT count(*)::int AS n FROM loyalty_entries WHERE sale_id = $1',
    [saleId],
  );
  expect(rows).toEqual([{ n: 1 }]);
});
