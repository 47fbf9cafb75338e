import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { coalesce } from './coalesce.ts';

const limits = { maxBatch: fc.integer({ min: 1, max: 8 }), maxConcurrent: fc.integer({ min: 1, max: 4 }) };

it('every call gets its own result, in batches and concurrency within their limits', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record(limits),
      // Calls per turn of the event loop, and how many turns each batch takes.
      fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 10 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 3 })),
      async ({ maxBatch, maxConcurrent }, callsPerTurn, turns) => {
        let underWay = 0;
        const batches: number[][] = [];
        const call = coalesce(
          async (items: number[]) => {
            underWay += 1;
            expect(underWay).toBeLessThanOrEqual(maxConcurrent);
            batches.push(items);
            for (let left = turns.next().value; left > 0; left--) await nextTurn();
            underWay -= 1;
            return items.map((item) => `result ${item}`);
          },
          { maxBatch, maxConcurrent },
        );
        const answers: Promise<string>[] = [];
        for (const calls of callsPerTurn) {
          for (let i = 0; i < calls; i++) answers.push(call(answers.length));
          await nextTurn();
        }
        const got = await Promise.all(answers);
        expect(got).toEqual(answers.map((_, i) => `result ${i}`));
        // Once each, in the order of the calls.
        expect(batches.flat()).toEqual(answers.map((_, i) => i));
        for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(maxBatch);
      },
    ),
    { numRuns: 60 },
  );
});

it('calls of one turn make one batch, and calls of two turns make two', async () => {
  const sizes: number[] = [];
  const call = coalesce(
    async (items: number[]) => {
      sizes.push(items.length);
      return items;
    },
    { maxBatch: 100, maxConcurrent: 4 },
  );
  const first = [1, 2, 3].map(call);
  await Promise.resolve();
  first.push(call(4));
  await Promise.all(first);
  await call(5);
  expect(sizes).toEqual([4, 1]);
});

it('calls made while all batches are under way go together in the next', async () => {
  const batches: number[][] = [];
  let release = () => {};
  const call = coalesce(
    async (items: number[]) => {
      batches.push(items);
      if (batches.length === 1) {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      }
      return items;
    },
    { maxBatch: 100, maxConcurrent: 1 },
  );
  const first = call(1);
  await nextTurn();
  const later = [call(2)];
  await sleep(1);
  later.push(call(3));
  await nextTurn();
  expect(batches).toEqual([[1]]);
  release();
  await Promise.all([first, ...later]);
  expect(batches).toEqual([[1], [2, 3]]);
});

it('a rejection reaches every call of its batch and no other', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record(limits),
      fc.uniqueArray(fc.nat(50), { maxLength: 12 }),
      async (bounds, badItems) => {
        const bad = new Set(badItems);
        const batches: number[][] = [];
        const call = coalesce(async (items: number[]) => {
          batches.push(items);
          if (items.some((item) => bad.has(item))) throw new Error(`batch ${batches.length}`);
          return items;
        }, bounds);
        const answers = await Promise.allSettled(Array.from({ length: 40 }, (_, i) => call(i)));
        for (const [n, batch] of batches.entries()) {
          const failed = batch.some((item) => bad.has(item));
          for (const item of batch) {
            const answer = answers[item]!;
            if (failed) expect((answer as PromiseRejectedResult).reason.message).toBe(`batch ${n + 1}`);
            else expect(answer).toEqual({ status: 'fulfilled', value: item });
          }
        }
        expect(batches.flat()).toHaveLength(40);
      },
    ),
    { numRuns: 50 },
  );
});
