import { expect, test } from 'vitest';
import type { DeadLetter } from '../order/ports/queue.ts';
import { systemClock } from '../platform/clock.ts';
import { createDeadLetters } from './dead-letters.ts';
import { readDepth, waitUntilEmpty } from './depth.ts';
import { createManagement } from './management.ts';
import { until } from './private-broker.testing.ts';
import { deadQueue } from './queues.ts';
import { testLogger } from './test-orders.testing.ts';
import { useTestQueue } from './test-queue.testing.ts';

const { stack, publisher, started, publish, ready } = useTestQueue();
const unreadable: DeadLetter = {
  order: undefined,
  content: Buffer.from('x'),
  reason: '',
  cause: '',
  failedAtMs: 1,
  history: [],
};

test('the depth tells ready from unacknowledged and counts dead letters', async () => {
  await publish(7);
  await publisher().deadLetter(unreadable);
  const { received } = await started(3);
  await received(3);
  expect(await ready()).toBe(4);
  await until('the counts', async () => {
    const depth = await readDepth(stack());
    return depth.ready === 4 && depth.unacknowledged === 3 && depth.deadLetters === 1;
  });
});

test('dead letters in the hands of a redrive are still counted', async () => {
  await publisher().deadLetter(unreadable);
  let letGo!: (fate: 'keep') => void;
  const held = new Promise<'keep'>((resolve) => {
    letGo = resolve;
  });
  const box = createDeadLetters({ amqpUrl: stack().amqpUrl, logger: testLogger });
  const taking = box.take(
    () => true,
    () => held,
  );
  const management = createManagement(stack());
  await until('the letter to show', async () => {
    const counts = await management.queueCounts(deadQueue);
    return counts?.ready === 0 && counts.unacknowledged > 0;
  });
  expect((await readDepth(stack())).deadLetters).toBeGreaterThan(0);
  letGo('keep');
  await taking;
});

test('waiting for an empty queue does not overlook an envelope that is delivered and not acknowledged', async () => {
  await publish(1);
  const { deliveries, received } = await started(1);
  await received(1);
  const { signal } = new AbortController();
  let outcome: boolean | undefined;
  const waiting = waitUntilEmpty({ ...stack(), clock: systemClock, signal }).then((empty) => {
    outcome = empty;
  });
  await until('the envelope to show', async () => (await readDepth(stack())).unacknowledged === 1);
  expect(await ready()).toBe(0);
  expect(outcome).toBeUndefined();
  deliveries[0]!.ack();
  await waiting;
  expect(outcome).toBe(true);
  expect(await readDepth(stack())).toMatchObject({ ready: 0, unacknowledged: 0 });
}, 60_000);

test('waiting for an empty queue ends with its signal', async () => {
  await publish(1);
  const stopping = new AbortController();
  const waiting = waitUntilEmpty({ ...stack(), clock: systemClock, signal: stopping.signal });
  stopping.abort();
  expect(await waiting).toBe(false);
});
