import { expect, test } from 'vitest';
import { createDeadLetters } from './dead-letters.ts';
import { testEnvelope, testLogger } from './test-orders.testing.ts';
import { useTestQueue } from './test-queue.testing.ts';

const { stack, publisher } = useTestQueue();

test('dead letters are listed without being consumed, and taken one by one', async () => {
  const [order] = testEnvelope().orders;
  const letter = {
    reason: 'the ledger refuses it',
    cause: '22003',
    failedAtMs: 1_700_000_000_123,
    history: ['a', 'b'],
  };
  await publisher().deadLetter({ order: order!, ...letter });
  await publisher().deadLetter({ order: undefined, content: Buffer.from([0, 255]), ...letter });
  const deadLetters = createDeadLetters({ amqpUrl: stack().amqpUrl, logger: testLogger });
  for (let i = 0; i < 3; i++) {
    const found = await deadLetters.list(10);
    expect(found).toMatchObject([
      { order, ...letter },
      { order: undefined, content: Buffer.from([0, 255]), ...letter },
    ]);
  }
  expect(await deadLetters.list(1)).toHaveLength(1);
  const handled: string[] = [];
  const take = (outcome: 'done' | 'keep') =>
    deadLetters.take(
      ({ order: held }) => held !== undefined,
      async ({ id }) => {
        handled.push(id);
        return outcome;
      },
    );
  expect(await take('keep')).toEqual({ done: 0, kept: 1 });
  await expect(
    deadLetters.take(
      () => true,
      () => Promise.reject(new Error('the publisher is away')),
    ),
  ).rejects.toThrow('the publisher is away');
  // What was just given back is there at once, whatever the queue's own count still says.
  for (let i = 0; i < 20; i++) expect(await take('keep')).toEqual({ done: 0, kept: 1 });
  expect(await take('done')).toEqual({ done: 1, kept: 0 });
  expect(handled[0]).toBe(handled[1]);
  expect(await take('done')).toEqual({ done: 0, kept: 0 });
  expect(await deadLetters.list(10)).toHaveLength(1);
});
