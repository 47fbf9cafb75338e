import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Order } from '../order/order.ts';
import type { Sale } from '../order/sale.ts';
import { createClaimModel, type ModelStatus, saidBy, seenIn } from './claim-model.testing.ts';
import type { ClaimStage } from './claims.ts';
import { type RedisServer, startRedisServer, startVettedClaims } from './redis-server.testing.ts';

let server: RedisServer;
let claims: ClaimStage;
let sales = 0;

beforeAll(async () => {
  server = await startRedisServer();
  claims = await startVettedClaims(server);
});
afterAll(async () => {
  await claims?.stop(1_000);
  await server?.remove();
});

const skus = ['sku-1', 'sku-2', '-'];
const transactionIds = Array.from({ length: 14 }, (_, n) => `transaction-${n}`);
const transactionId = fc.constantFrom(...transactionIds);

const order: fc.Arbitrary<Order> = fc.record({
  transactionId,
  sku: fc.constantFrom(...skus, 'sku-unknown'),
  quantity: fc.integer({ min: 1, max: 4 }),
  customerId: fc.constantFrom('a', 'b', '-'),
});
const items = fc
  .tuple(
    ...skus.map(() => fc.record({ stock: fc.nat(15), limit: fc.option(fc.integer({ min: 1, max: 6 })) })),
  )
  .map((drawn) =>
    drawn.map(({ stock, limit }, i) => ({
      sku: skus[i]!,
      name: 'name',
      priceMinor: 1,
      stock,
      ...(limit !== null && { customerLimit: limit }),
    })),
  );
const settlement = fc.tuple(
  transactionId,
  fc.constantFrom<ModelStatus>('confirmed', 'rejected', 'failed', 'purged'),
);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('claim' as const),
      orders: fc.array(order, { minLength: 1, maxLength: 8 }),
      confirmed: fc.array(transactionId, { maxLength: 4 }),
      epochBehind: fc.oneof(
        { weight: 9, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.constant(1) },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      settlements: fc.array(settlement, { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('restock' as const),
      sku: fc.constantFrom(...skus),
      pieces: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('raise-epoch' as const) }) },
);

test('whatever is claimed, confirmed, settled and restocked, Redis keeps what the model keeps', async () => {
  const nowMs = await claims.nowMs();
  await fc.assert(
    fc.asyncProperty(items, fc.array(step, { maxLength: 25 }), async (drawnItems, steps) => {
      const sale: Sale = {
        saleId: `model-${++sales}`,
        opensAtMs: nowMs - 1_000,
        closesAtMs: nowMs + 3_600_000,
        items: drawnItems,
      };
      const { saleId } = sale;
      await claims.putSale(sale, 1);
      const model = createClaimModel(sale);
      const put = new Map(sale.items.map(({ sku, stock }) => [sku, stock]));
      const lastPosition = new Map<string, number>();

      for (const drawn of steps) {
        if (drawn.kind === 'claim') {
          const epoch = model.epoch() - drawn.epochBehind;
          claims.accept(saleId, drawn.confirmed);
          const outcomes = await claims.claim(saleId, epoch, drawn.orders);
          expect(outcomes.map(saidBy)).toEqual(model.claim(epoch, drawn.orders, drawn.confirmed));
        } else if (drawn.kind === 'settle') {
          const settlements = drawn.settlements.map(([id, status]) => ({
            order: { saleId, transactionId: id },
            ...(status === 'purged' ? { status: 'failed' as const, reason: status } : { status }),
            settledAtMs: nowMs,
          }));
          expect(await claims.settle(saleId, settlements)).toEqual(model.settle(drawn.settlements));
        } else if (drawn.kind === 'restock') {
          const before = put.get(drawn.sku)!;
          put.set(drawn.sku, before + drawn.pieces);
          const raiseTo = (pieces: number) => claims.raiseStock(saleId, drawn.sku, pieces);
          const raised = [await raiseTo(before + drawn.pieces), await raiseTo(before + drawn.pieces)];
          expect([...raised, await raiseTo(before)]).toEqual([true, false, false]);
          model.restock(drawn.sku, drawn.pieces);
        } else {
          const epoch = model.raiseEpoch();
          await claims.beginRebuild(sale, epoch);
          const items = [...model.leftAndHeld()].map(([sku, stockLeft]) => ({
            sku,
            stockLeft,
            stock: put.get(sku)!,
          }));
          await claims.finishRebuild(saleId, { epoch, sequence: 0, items });
        }

        const counters = await claims.counters(saleId);
        const bySku = (a: { sku: string }, b: { sku: string }) => (a.sku < b.sku ? -1 : 1);
        const expected = model.counters();
        expect({ ...counters, items: counters?.items.toSorted(bySku) }).toEqual({
          ...expected,
          items: expected.items.map((item) => ({ ...item, initial: put.get(item.sku) })).toSorted(bySku),
        });
        for (const { sku, left } of counters!.items)
          expect(left + model.claimedPieces(sku)).toBe(put.get(sku));

        const views = await claims.read(saleId, transactionIds);
        expect(views.map((view) => view && seenIn(view))).toEqual(transactionIds.map(model.read));
        for (const view of views) {
          if (view?.position === undefined) continue;
          const before = lastPosition.get(view.order.transactionId) ?? Number.POSITIVE_INFINITY;
          expect(view.position).toBeLessThanOrEqual(before);
          lastPosition.set(view.order.transactionId, view.position);
        }
        const pending = await claims.pending(saleId, Number.MAX_SAFE_INTEGER, 100);
        const listed = pending.map(({ order: o, accepted }) => [o.transactionId, accepted]);
        expect(listed.sort()).toEqual(model.pending().toSorted());
        const unconfirmed = await claims.unconfirmed(saleId, Number.MAX_SAFE_INTEGER, 100);
        expect(unconfirmed.map(({ order: o }) => o.transactionId).sort()).toEqual(
          listed.filter(([, accepted]) => !accepted).map(([id]) => id),
        );
        expect(await server.redis.scard(`sluice:{${saleId}}:unconfirmed`)).toBe(unconfirmed.length);
      }
      await claims.removeSale(saleId);
    }),
    { numRuns: 120 },
  );
});
