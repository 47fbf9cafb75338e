import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../test/support/wait.ts';
import type { ClaimStage } from './claims.ts';
import { claimsOn, type RedisServer, startRedisServer, startVettedClaims } from './redis-server.testing.ts';
import { order, putSale } from './sales.testing.ts';

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

const newSale = (overrides: Parameters<typeof putSale>[1] = {}) => putSale(claims, overrides);

test('a claim is pending until a confirm is noted, then accepted', async () => {
  const { saleId } = await newSale();
  await claims.claim(saleId, 1, [order(1), order(2)]);
  const statuses = async () =>
    (await claims.read(saleId, ['transaction-1', 'transaction-2', 'unknown'])).map((view) => view?.status);
  expect(await statuses()).toEqual(['pending', 'pending', undefined]);
  claims.accept(saleId, ['transaction-1']);
  await until(async () => (await statuses())[0] === 'accepted', { deadlineMs: 2_000, what: 'the confirm' });
  expect(await statuses()).toEqual(['accepted', 'pending', undefined]);
  const unconfirmed = await claims.unconfirmed(saleId, Number.MAX_SAFE_INTEGER, 10);
  expect(unconfirmed.map((claim) => claim.order.transactionId)).toEqual(['transaction-2']);
  const pending = await claims.pending(saleId, Number.MAX_SAFE_INTEGER, 10);
  expect(pending.map((claim) => [claim.order.transactionId, claim.accepted])).toEqual([
    ['transaction-1', true],
    ['transaction-2', false],
  ]);
  expect(pending[0]?.order).toMatchObject({ ...order(1), saleId, sequence: 1 });
  expect(await claims.pending(saleId, pending[0]!.order.claimedAtMs, 10)).toEqual([]);
});

test('a claim behind any number that settled before it is found', async () => {
  const items = [{ sku: 'sku-1', name: 'One', priceMinor: 100, stock: 25_000 }];
  const { saleId } = await newSale({ items });
  const ids = Array.from({ length: 25_000 }, (_, n) => n);
  const settle = (numbers: readonly number[]) =>
    claims.settle(
      saleId,
      numbers.map((n) => ({
        order: { saleId, transactionId: `transaction-${n}` },
        status: 'confirmed' as const,
        settledAtMs: 1,
      })),
    );
  for (let from = 0; from < ids.length; from += 500) {
    await claims.claim(
      saleId,
      1,
      ids.slice(from, from + 500).map((n) => order(n)),
    );
  }
  const [first, ...others] = ids;
  const last = others.pop()!;
  for (let from = 0; from < others.length; from += 500) await settle(others.slice(from, from + 500));
  await settle([first!]);
  const found = async () =>
    (await claims.pending(saleId, Number.MAX_SAFE_INTEGER, 10)).map((claim) => claim.order.transactionId);
  // One look goes over at most 20,000 entries of the line.
  expect([...(await found()), ...(await found())]).toContain(`transaction-${last}`);
  expect(await found()).toEqual([`transaction-${last}`]);
});

test('a confirm travels with the next claim and shows in its answer', async () => {
  const { saleId } = await newSale();
  await claims.claim(saleId, 1, [order(1)]);
  claims.accept(saleId, ['transaction-1']);
  const [replayed] = await claims.claim(saleId, 1, [order(1)]);
  expect(replayed).toMatchObject({ outcome: 'replayed', view: { status: 'accepted', position: 1 } });
});

test('confirms that wait are sent before the stage stops', async () => {
  const { saleId } = await newSale();
  await claims.claim(saleId, 1, [order(1)]);
  const another = claimsOn(server);
  await another.start();
  another.accept(saleId, ['transaction-1']);
  await another.stop(1_000);
  expect((await claims.read(saleId, ['transaction-1']))[0]?.status).toBe('accepted');
});

test('settling again changes nothing; a failed claim holds its pieces and only comes back as redriven', async () => {
  const { saleId } = await newSale();
  const key = { saleId, transactionId: 'transaction-1' };
  await claims.claim(saleId, 1, [order(1), order(2)]);
  const failed = { order: key, status: 'failed', reason: 'dead-lettered', settledAtMs: 1_000 } as const;
  const confirmed = { order: key, status: 'confirmed', settledAtMs: 2_000 } as const;
  const unknown = { ...confirmed, order: { saleId, transactionId: 'unknown' } };

  expect(await claims.settle(saleId, [failed, failed, unknown])).toEqual({ moved: 1, unknown: 1 });
  expect(await claims.settle(saleId, [failed])).toEqual({ moved: 0, unknown: 0 });
  expect((await claims.read(saleId, ['transaction-1']))[0]).toMatchObject({
    status: 'failed',
    reason: 'dead-lettered',
    settledAtMs: 1_000,
  });
  const afterFirst = await claims.counters(saleId);
  expect(afterFirst).toEqual({
    sequence: 2,
    settled: 1,
    items: [{ sku: 'sku-1', left: 8, claimed: 2, initial: 10 }],
  });

  expect(await claims.settle(saleId, [confirmed])).toEqual({ moved: 1, unknown: 0 });
  expect(await claims.settle(saleId, [confirmed, failed])).toEqual({ moved: 0, unknown: 0 });
  expect(await claims.counters(saleId)).toEqual({
    sequence: 2,
    settled: 1,
    items: [{ sku: 'sku-1', left: 8, claimed: 1, initial: 10 }],
  });
  const [view] = await claims.read(saleId, ['transaction-1']);
  expect(view).toMatchObject({ status: 'confirmed', settledAtMs: 2_000 });
  expect(view).not.toHaveProperty('position');
  expect(view).not.toHaveProperty('reason');
});
