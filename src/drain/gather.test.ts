import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRig, type Rig } from '../../test/support/rig.ts';
import { until } from '../../test/support/wait.ts';
import type { ConsumerHandlers } from '../order/ports/queue.ts';
import { createPassingClock } from '../platform/clock.testing.ts';
import { createDrainMetrics, createRegistry } from '../platform/metrics.ts';
import { createDrainer } from './drainer.ts';

/** Longer than any test takes: nothing leaves because of it unless a test lets the time pass. */
const batchMaxAgeMs = 3_600_000;
/** At a cap of 2,000 orders/s: half of 50 ms of it. */
const fullBatch = 50;

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
  await rig.ledger.setCap(2_000, 'configured');
});
afterAll(() => rig.close());

/** A drainer whose envelopes the test hands over itself, and the sizes of the batches that it writes. */
async function startDrainer() {
  const { clock, pass } = createPassingClock();
  const written: number[] = [];
  let handlers: ConsumerHandlers | undefined;
  const drainer = createDrainer({
    createConsumer(given) {
      handlers = given;
      return {
        start: async () => undefined,
        stop: async () => undefined,
        resume: async () => undefined,
        cancel: async () => undefined,
        requeue: async () => undefined,
        unacknowledged: () => 0,
        state: () => 'up',
      };
    },
    ledger: {
      ...rig.ledger,
      async settleBatch(orders) {
        const outcome = await rig.ledger.settleBatch(orders);
        if (outcome.outcome === 'written') written.push(orders.length);
        return outcome;
      },
    },
    claims: rig.claims,
    deadLetters: { deadLetter: () => Promise.reject(new Error('no order of this test is bad')) },
    events: undefined,
    metrics: createDrainMetrics(createRegistry()),
    clock,
    logger: rig.logger,
    hitFailpoint: () => undefined,
    onFatal: (error) => {
      throw error;
    },
    options: { batchMaxAgeMs, prefetchEnvelopes: 0 },
  });
  await drainer.start();
  const saleId = await rig.sale([{ sku: 'sku', stock: 1_000 }]);
  return {
    drainer,
    pass,
    async deliver(orders: number): Promise<void> {
      const envelope = { saleId, orders: await rig.claimed(saleId, 'sku', orders) };
      handlers!.onDelivery({ envelope, channelGeneration: 1, redelivered: false, ack: () => undefined });
    },
    untilWritten: async (sizes: readonly number[]) => {
      await until(async () => written.length >= sizes.length, {
        deadlineMs: 10_000,
        what: `${sizes.length} batches`,
      });
      expect(written).toEqual(sizes);
    },
  };
}

it('an order that follows no other waits for nothing; those that follow wait for one another', async () => {
  const { drainer, deliver, untilWritten, pass } = await startDrainer();
  await deliver(3);
  await untilWritten([3]);
  for (const orders of [2, 3, 4]) await deliver(orders);
  pass(batchMaxAgeMs);
  await untilWritten([3, 9]);
  await drainer.stop(5_000);
});

it('a batch that is full waits no longer, and neither does what is held when the drainer stops', async () => {
  const { drainer, deliver, untilWritten } = await startDrainer();
  await deliver(1);
  await untilWritten([1]);
  for (let held = 0; held < fullBatch; held += 10) await deliver(10);
  await untilWritten([1, fullBatch]);
  await deliver(4);
  await drainer.stop(5_000);
  await untilWritten([1, fullBatch, 4]);
});
