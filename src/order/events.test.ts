import { expect, it } from 'vitest';
import { decodeEvents, encodeEvents, eventOf } from './events.ts';
import type { LedgerOrder } from './ports/ledger.ts';

function settled(transactionId: string, more: Partial<LedgerOrder> = {}): LedgerOrder {
  return {
    order: {
      saleId: 'sale',
      transactionId,
      sku: 'sku',
      quantity: 2,
      customerId: 'customer',
      sequence: 7,
      claimedAtMs: Date.UTC(2026, 0, 1),
    },
    status: 'confirmed',
    settledAtMs: Date.UTC(2026, 0, 1, 0, 0, 1),
    ...more,
  };
}

it('what is encoded is decoded again, a message per outcome, in order', () => {
  const orders = [
    settled('transaction-1'),
    settled('transaction-2', { status: 'rejected', reason: 'sold-out' }),
    settled('transaction-3'),
  ];
  const messages = encodeEvents(orders);
  expect(messages.map(({ routingKey, events }) => [routingKey, events])).toEqual([
    ['orders.confirmed', 2],
    ['orders.rejected', 1],
  ]);
  expect(decodeEvents(messages[0]!.content)).toEqual({
    events: [eventOf(orders[0]!), eventOf(orders[2]!)],
    unreadable: [],
  });
});

it('many are several messages, none of more than 500 events, in order', () => {
  const orders = Array.from({ length: 1_001 }, (_, i) => settled(`transaction-${i}`));
  const messages = encodeEvents(orders);
  expect(messages.map(({ events }) => events)).toEqual([500, 500, 1]);
  expect(messages.flatMap(({ content }) => decodeEvents(content).events)).toEqual(
    orders.map((order) => eventOf(order)),
  );
});

it('an event says sale, transaction and outcome in its ID', () => {
  expect(eventOf(settled('transaction-1')).id).toBe('sale/transaction-1/confirmed');
});

it('the trace context of the request travels with its event, and only where there is one', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const { order } = settled('transaction-1');
  expect(eventOf(settled('transaction-1', { order: { ...order, traceparent } })).traceparent).toBe(
    traceparent,
  );
  expect(eventOf(settled('transaction-1'))).not.toHaveProperty('traceparent');
});

it.each([Number.NaN, 1e300, -1e300])('a failed order may claim the time %d', (claimedAtMs) => {
  const { order } = settled('transaction-1');
  const event = eventOf(settled('transaction-1', { order: { ...order, claimedAtMs }, status: 'failed' }));
  expect(Date.parse(event.data.acceptedAt)).not.toBeNaN();
});

it('what can’t be understood stands apart with its reason, and the rest is read', () => {
  const good = eventOf(settled('transaction-1'));
  const parts: [unknown, string][] = [
    [null, 'it is not an event'],
    [{ ...good, specversion: '0.3' }, 'its specversion is not 1.0'],
    [{ ...good, id: undefined }, 'it has no id'],
    [{ ...good, time: 'yesterday' }, 'its time is no time'],
    [{ ...good, type: 'sluice.order.rejected' }, 'its type does not fit its data.status'],
    [{ ...good, data: { ...good.data, quantity: '2' } }, 'its data.quantity is no whole number'],
    [
      { ...good, data: { ...good.data, status: { toString: 1 } } },
      'its data.status is not a status it could have',
    ],
  ];
  const message = Buffer.from(JSON.stringify([...parts.map(([part]) => part), good]));
  const decoded = decodeEvents(message);
  expect(decoded.events).toEqual([good]);
  expect(decoded.unreadable.map(({ reason }) => reason)).toEqual(parts.map(([, reason]) => reason));
});

it('a message that is no JSON is unreadable as a whole', () => {
  const content = Buffer.from('{"specversion":');
  expect(decodeEvents(content)).toEqual({
    events: [],
    unreadable: [{ content, reason: 'it is not JSON' }],
  });
});
