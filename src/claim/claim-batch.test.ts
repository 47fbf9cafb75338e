import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sale } from '../order/sale.ts';
import type { ClaimStage } from './claims.ts';
import { allSaleKeys } from './keys.ts';
import { type RedisServer, startRedisServer, startVettedClaims } from './redis-server.testing.ts';
import { hourMs, order, putSale } from './sales.testing.ts';

let server: RedisServer;
let claims: ClaimStage;

beforeAll(async () => {
  server = await startRedisServer();
  claims = await startVettedClaims(server);
});
afterAll(async () => {
  await claims?.stop(1_000);
  await server?.remove();
});

const newSale = (overrides: Partial<Sale> = {}) => putSale(claims, overrides);

const outcomesOf = (outcomes: readonly { outcome: string }[]) => outcomes.map(({ outcome }) => outcome);

test('a thousand concurrent twins are one claim', async () => {
  const { saleId } = await newSale();
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => claims.claim(saleId, 1, [order(1)])));
  const outcomes = answers.flatMap(outcomesOf);
  expect(outcomes.filter((outcome) => outcome === 'claimed')).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === 'replayed')).toHaveLength(999);
  expect(await claims.counters(saleId)).toEqual({
    sequence: 1,
    settled: 0,
    items: [{ sku: 'sku-1', left: 9, claimed: 1, initial: 10 }],
  });
});

test('an order for more than what is left is sold out, a smaller one behind it is not', async () => {
  const { saleId } = await newSale();
  const outcomes = await claims.claim(saleId, 1, [
    order(1, { quantity: 8 }),
    order(2, { quantity: 3 }),
    order(3, { quantity: 2 }),
    order(4),
  ]);
  expect(outcomesOf(outcomes)).toEqual(['claimed', 'sold-out', 'claimed', 'sold-out']);
});

test('the same transaction ID with another order is refused, wherever the difference is', async () => {
  const { saleId } = await newSale({
    items: [
      { sku: '-', name: 'Dash', priceMinor: 1, stock: 5 },
      { sku: 'x-', name: 'X', priceMinor: 1, stock: 5 },
    ],
  });
  const first = order(1, { sku: '-', customerId: 'c' });
  const outcomes = await claims.claim(saleId, 1, [
    first,
    { ...first, sku: 'x-' },
    { ...first, quantity: 2 },
    { ...first, customerId: 'C' },
    first,
  ]);
  const expected = ['transaction-id-reused', 'transaction-id-reused', 'transaction-id-reused', 'replayed'];
  expect(outcomesOf(outcomes)).toEqual(['claimed', ...expected]);
  const longer = order(2, { sku: 'x-', customerId: 'c' });
  expect(outcomesOf(await claims.claim(saleId, 1, [longer]))).toEqual(['claimed']);
  const again = await claims.claim(saleId, 1, [
    { ...longer, sku: '-' },
    longer,
    { ...first, sku: 'x-' },
    first,
  ]);
  expect(outcomesOf(again)).toEqual([
    'transaction-id-reused',
    'replayed',
    'transaction-id-reused',
    'replayed',
  ]);
});

test('the sale window is judged by the time of Redis', async () => {
  const nowMs = await claims.nowMs();
  const early = await newSale({ opensAtMs: nowMs + hourMs, closesAtMs: nowMs + 2 * hourMs });
  const [notOpen] = await claims.claim(early.saleId, 1, [order(1)]);
  expect(notOpen?.outcome).toBe('sale-not-open');
  const opensInMs = notOpen?.outcome === 'sale-not-open' ? notOpen.opensInMs : 0;
  expect(opensInMs).toBeGreaterThan(hourMs - 60_000);
  expect(opensInMs).toBeLessThanOrEqual(hourMs);

  const over = await newSale();
  const claimed = order(1);
  await claims.claim(over.saleId, 1, [claimed]);
  await claims.putSale({ ...over, closesAtMs: nowMs - 1 }, 1);
  expect(outcomesOf(await claims.claim(over.saleId, 1, [claimed, order(2)]))).toEqual([
    'replayed',
    'sale-closed',
  ]);
});

test('a sale that Redis does not hold is unavailable', async () => {
  expect(outcomesOf(await claims.claim('missing', 1, [order(1), order(2)]))).toEqual([
    'sale-unavailable',
    'sale-unavailable',
  ]);
});

test('a caller with another epoch learns what is known and claims nothing', async () => {
  const { saleId } = await newSale();
  await claims.claim(saleId, 1, [order(1)]);
  expect(outcomesOf(await claims.claim(saleId, 2, [order(1), order(2)]))).toEqual([
    'replayed',
    'sale-unavailable',
  ]);
});

test('a customer limit counts pieces per SKU and customer', async () => {
  const { saleId } = await newSale({
    items: [{ sku: 'sku-1', name: 'One', priceMinor: 100, stock: 100, customerLimit: 3 }],
  });
  const of = (n: number, quantity: number, customerId: string) => order(n, { quantity, customerId });
  const outcomes = await claims.claim(saleId, 1, [
    of(1, 2, 'a'),
    of(2, 2, 'a'),
    of(3, 1, 'a'),
    of(4, 3, 'b'),
  ]);
  expect(outcomesOf(outcomes)).toEqual(['claimed', 'customer-limit', 'claimed', 'claimed']);
  expect(outcomesOf(await claims.claim(saleId, 1, [of(5, 1, 'a')]))).toEqual(['customer-limit']);
});

test('the server forgetting its scripts goes unnoticed', async () => {
  const { saleId } = await newSale();
  await server.redis.script('FLUSH', 'SYNC');
  expect(outcomesOf(await claims.claim(saleId, 1, [order(1)]))).toEqual(['claimed']);
  await server.redis.script('FLUSH', 'SYNC');
  expect(await claims.read(saleId, ['transaction-1'])).toMatchObject([{ status: 'pending' }]);
});

test('every key of a sale goes a week after its close, and at once when it is removed', async () => {
  const sale = await newSale({
    items: [{ sku: 'sku-1', name: 'One', priceMinor: 100, stock: 10, customerLimit: 5 }],
  });
  await claims.claim(sale.saleId, 1, [order(1), order(2)]);
  await claims.raiseStock(sale.saleId, 'sku-1', 11);
  const keys = await server.redis.keys(`sluice:{${sale.saleId}}:*`);
  expect(keys.sort()).toEqual(allSaleKeys(sale.saleId).sort());
  const weekMs = 7 * 24 * hourMs;
  for (const key of keys)
    expect([key, await server.redis.pexpiretime(key)]).toEqual([key, sale.closesAtMs + weekMs]);

  // The indexes are gone when nothing waits, and come back with the next claim.
  const settlements = [1, 2].map((n) => ({
    order: { saleId: sale.saleId, transactionId: `transaction-${n}` },
    status: 'confirmed' as const,
    settledAtMs: 1,
  }));
  await claims.settle(sale.saleId, settlements.slice(0, 1));
  claims.accept(sale.saleId, ['transaction-2']);
  await claims.claim(sale.saleId, 1, [order(3)]);
  for (const key of keys) {
    expect([key, await server.redis.pexpiretime(key)]).toEqual([key, sale.closesAtMs + weekMs]);
  }
  await claims.settle(sale.saleId, [
    ...settlements,
    { ...settlements[0]!, order: { saleId: sale.saleId, transactionId: 'transaction-3' } },
  ]);
  expect(await server.redis.keys(`sluice:{${sale.saleId}}:pending`)).toEqual([]);
  await claims.claim(sale.saleId, 1, [order(4)]);
  for (const key of keys) {
    expect([key, await server.redis.pexpiretime(key)]).toEqual([key, sale.closesAtMs + weekMs]);
  }

  const later = sale.closesAtMs + hourMs;
  await claims.putSale({ ...sale, closesAtMs: later }, 1);
  for (const key of keys) expect([key, await server.redis.pexpiretime(key)]).toEqual([key, later + weekMs]);

  await claims.removeSale(sale.saleId);
  expect(await server.redis.keys(`*${sale.saleId}*`)).toEqual([]);
  expect((await claims.catalog())?.some(({ saleId }) => saleId === sale.saleId)).toBe(false);
});

test('a batch that Lua could not carry is refused before it is sent', async () => {
  const { saleId } = await newSale();
  const batch = (count: number) => Array.from({ length: count }, (_, n) => order(n, { quantity: 1 }));
  await expect(claims.claim(saleId, 1, batch(1_001))).rejects.toThrow(RangeError);
  claims.accept(
    saleId,
    batch(1_500).map(({ transactionId }) => transactionId),
  );
  const outcomes = outcomesOf(await claims.claim(saleId, 1, batch(1_000)));
  expect(outcomes.filter((outcome) => outcome === 'claimed')).toHaveLength(10);
});
