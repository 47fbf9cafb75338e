import { expect, it } from 'vitest';
import { eventOf, type OrderEvent } from '../order/events.ts';
import { EffectError, each } from './follower.ts';

const order = { saleId: 'sale', sku: 'sku', quantity: 1, customerId: 'c', sequence: 1, claimedAtMs: 1 };
const events: OrderEvent[] = ['one', 'two', 'three'].map((transactionId) =>
  eventOf({ order: { ...order, transactionId }, status: 'confirmed', settledAtMs: 2 }),
);

it('an effect for each event says of each what came of it, in their order', async () => {
  const refusal = new EffectError('effect-refused', 'no such address');
  const apply = each(async ({ subject }) => {
    if (subject === 'one') throw refusal;
    if (subject === 'two') throw new Error('busy');
  });
  const outcomes = await apply(events, { logger: undefined as never, signal: new AbortController().signal });
  expect(outcomes[0]).toBe(refusal);
  expect(outcomes[1]).toMatchObject({ code: 'effect-failed', message: 'busy' });
  expect(outcomes[2]).toBe('done');
});
