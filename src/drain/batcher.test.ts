import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ClaimedOrder } from '../order/order.ts';
import type { Delivery } from '../order/ports/queue.ts';
import { type BatchEntry, createBatcher, markDone } from './batcher.ts';

let lastId = 0;
/** A delivery that writes down whether it was acknowledged. */
function delivery(orders: number, channelGeneration: number) {
  const acks = { count: 0 };
  const made: Delivery = {
    envelope: {
      saleId: 'sale',
      orders: Array.from(
        { length: orders },
        (): ClaimedOrder => ({
          saleId: 'sale',
          transactionId: `order-${++lastId}`,
          sku: 'sku',
          quantity: 1,
          customerId: 'customer',
          sequence: lastId,
          claimedAtMs: 0,
        }),
      ),
    },
    channelGeneration,
    redelivered: false,
    ack: () => {
      acks.count += 1;
    },
  };
  return { made, acks };
}

const idsOf = (entries: readonly BatchEntry[]) => entries.map((entry) => entry.order.transactionId);

const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), orders: fc.integer({ min: 0, max: 9 }) }),
  fc.record({ do: fc.constant('take' as const), max: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ do: fc.constant('putBack' as const), from: fc.nat(12) }),
  fc.record({ do: fc.constant('done' as const) }),
  fc.record({ do: fc.constant('lose' as const) }),
);

it('hands out every order exactly once, in order, and drops exactly what its channel took along', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const batcher = createBatcher();
      const deliveries: (ReturnType<typeof delivery> & { done: Set<string> })[] = [];
      let generation = 1;
      /** The model: what should come next, and what is in hand. */
      let waiting: { id: string; generation: number }[] = [];
      let inHand: BatchEntry[] = [];

      for (const now of steps) {
        if (now.do === 'add') {
          const one = { ...delivery(now.orders, generation), done: new Set<string>() };
          deliveries.push(one);
          batcher.add(one.made);
          waiting.push(...one.made.envelope.orders.map((o) => ({ id: o.transactionId, generation })));
        } else if (now.do === 'take') {
          const batch = batcher.take(now.max);
          expect(idsOf(batch)).toEqual(waiting.slice(0, now.max).map((order) => order.id));
          waiting = waiting.slice(batch.length);
          inHand = [...inHand, ...batch];
        } else if (now.do === 'putBack') {
          const rest = inHand.splice(Math.max(0, inHand.length - now.from));
          batcher.putBack(rest);
          waiting = [
            ...rest.map((entry) => ({
              id: entry.order.transactionId,
              generation: entry.delivery.delivery.channelGeneration,
            })),
            ...waiting,
          ];
        } else if (now.do === 'done') {
          for (const entry of inHand) {
            markDone(entry);
            deliveries
              .find((one) => one.made === entry.delivery.delivery)!
              .done.add(entry.order.transactionId);
          }
          inHand = [];
        } else {
          batcher.drop(generation);
          waiting = waiting.filter((order) => order.generation !== generation);
          generation += 1;
        }
        expect(batcher.size()).toBe(waiting.length);
        for (const { made, acks, done } of deliveries) {
          expect(acks.count).toBe(done.size === made.envelope.orders.length ? 1 : 0);
        }
      }
    }),
    { numRuns: 300 },
  );
});

it('keeps its order over many thousand entries', () => {
  const batcher = createBatcher();
  const all: string[] = [];
  const taken: string[] = [];
  for (let round = 0; round < 200; round++) {
    const { made } = delivery(100, 1);
    all.push(...made.envelope.orders.map((order) => order.transactionId));
    batcher.add(made);
    taken.push(...idsOf(batcher.take(round % 2 ? 120 : 70)));
  }
  while (batcher.size() > 0) taken.push(...idsOf(batcher.take(1_000)));
  expect(taken).toEqual(all);
});

it('drop without a generation forgets everything', () => {
  const batcher = createBatcher();
  batcher.add(delivery(3, 1).made);
  batcher.add(delivery(3, 2).made);
  batcher.drop();
  expect(batcher.size()).toBe(0);
  expect(batcher.take(10)).toEqual([]);
});
