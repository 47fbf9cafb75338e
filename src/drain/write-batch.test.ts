import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRig, newOrder, type Rig } from '../../test/support/rig.ts';
import type { ClaimedOrder } from '../order/order.ts';
import { createBackOff } from '../platform/back-off.ts';
import { systemClock } from '../platform/clock.ts';
import { createBatchWriter } from './write-batch.ts';

let rig: Rig;
let writeBatch: ReturnType<typeof createBatchWriter>;
const commits: number[] = [];

beforeAll(async () => {
  rig = await createRig();
  await rig.ledger.setCap(20_000, 'configured');
  writeBatch = createBatchWriter({
    ledger: rig.ledger,
    backOff: createBackOff({ firstMs: 5, maxMs: 20 }),
    clock: systemClock,
    logger: rig.logger,
    onCommit: (_seconds, orders) => void commits.push(orders),
    onLedger: () => undefined,
  });
});
afterAll(() => rig.close());

let sequence = 0;
const entry = (saleId: string, order: Partial<ClaimedOrder> = {}) => ({
  order: {
    ...newOrder({ sku: 'sku' }),
    saleId,
    sequence: ++sequence,
    claimedAtMs: Date.now(),
    ...order,
  } satisfies ClaimedOrder,
});
const never = new AbortController().signal;
const write = async (entries: ReturnType<typeof entry>[], signal = never) =>
  writeBatch(entries, signal, await rig.ledger.readCap());

it('bisecting isolates exactly the orders at fault, and their neighbours are confirmed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc
        .integer({ min: 1, max: 40 })
        .chain((size) =>
          fc.record({ size: fc.constant(size), bad: fc.uniqueArray(fc.nat(size - 1), { maxLength: 5 }) }),
        ),
      async ({ size, bad }) => {
        const saleId = await rig.sale([{ sku: 'sku', stock: 1_000 }]);
        const isBad = new Set(bad);
        // Quantity 0 is below what the table's check allows.
        const entries = Array.from({ length: size }, (_, i) =>
          entry(saleId, { quantity: isBad.has(i) ? 0 : 1 }),
        );
        const { settled, unwritable, left } = await write(entries);
        expect(unwritable.map((one) => entries.indexOf(one.entry))).toEqual([...bad].sort((a, b) => a - b));
        for (const { error } of unwritable) expect(error.code).toBe('batch-unwritable');
        expect(left).toEqual([]);
        // In their order, each with its own settlement.
        expect(settled.map((one) => one.entry)).toEqual(entries.filter((_, i) => !isBad.has(i)));
        for (const one of settled) {
          expect(one.settlement.order.transactionId).toBe(one.entry.order.transactionId);
          expect(one.settlement.status).toBe('confirmed');
        }
        expect(await rig.counts(saleId)).toMatchObject({
          confirmed: size - bad.length,
          stockLeft: 1_000 - (size - bad.length),
        });
      },
    ),
    { numRuns: 15 },
  );
});

it('a batch above the burst is cut into parts that fit, and all of it is written', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 1_000 }]);
  await rig.ledger.setCap(400, 'configured');
  commits.length = 0;
  const { settled } = await write(Array.from({ length: 75 }, () => entry(saleId)));
  expect(settled).toHaveLength(75);
  // 50 ms of 400/s.
  for (const orders of commits) expect(orders).toBeLessThanOrEqual(20);
  expect(commits.reduce((sum, n) => sum + n, 0)).toBe(75);
  await rig.ledger.setCap(20_000, 'configured');
});

it('a pause leaves what is not written in hand', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  await rig.ledger.setPaused(true);
  const entries = [entry(saleId), entry(saleId)];
  expect(await write(entries)).toMatchObject({ settled: [], left: entries, cap: { paused: true } });
  await rig.ledger.setPaused(false);
});

it('told to give up, it returns what is not written', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  await rig.ledger.setCap(1, 'configured');
  const entries = [entry(saleId), entry(saleId), entry(saleId)];
  const giveUp = new AbortController();
  const writing = write(entries, giveUp.signal);
  await sleep(50);
  giveUp.abort();
  const { settled, left } = await writing;
  expect(left.length).toBeGreaterThanOrEqual(1);
  expect([...settled.map((one) => one.entry), ...left]).toEqual(entries);
  expect((await rig.counts(saleId)).confirmed).toBe(settled.length);
  await rig.ledger.setCap(20_000, 'configured');
});
