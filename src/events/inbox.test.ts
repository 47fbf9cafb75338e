import { expect, it } from 'vitest';
import { eventOf } from '../order/events.ts';
import type { EventDelivery } from '../order/ports/events.ts';
import { settledOrders } from './follower.testing.ts';
import { createInbox, type UnreadablePart } from './inbox.ts';

function delivery(content: string | Buffer, channelGeneration = 1) {
  const acks: number[] = [];
  const one: EventDelivery = {
    content: Buffer.from(content),
    failures: 0,
    history: [],
    channelGeneration,
    ack: () => void acks.push(channelGeneration),
  };
  return { one, isAcknowledged: () => acks.length > 0 };
}

const message = (events: number) => JSON.stringify(settledOrders(events).map((order) => eventOf(order)));

it('a message is unpacked when its events are due, and acknowledged with the last of them', () => {
  const unreadable: UnreadablePart[] = [];
  const inbox = createInbox((part) => unreadable.push(part));
  const [three, none, two] = [delivery(message(3)), delivery('no JSON'), delivery(message(2))];
  for (const { one } of [three, none, two]) inbox.add(one);

  expect(inbox.holds(3)).toBe(true);
  expect(unreadable).toEqual([]);
  const taken = inbox.take(2);
  expect(taken).toHaveLength(2);
  for (const item of taken) item.done();
  for (const item of taken) item.done();
  expect(three.isAcknowledged()).toBe(false);

  expect(inbox.take(10)).toHaveLength(3);
  expect(unreadable.map(({ reason }) => reason)).toEqual(['it is not JSON']);
  expect(none.isAcknowledged()).toBe(false);
  unreadable[0]!.done();
  expect(none.isAcknowledged()).toBe(true);
  expect(inbox.holds(1)).toBe(false);
});

it('an empty message is done when it is unpacked', () => {
  const inbox = createInbox(() => undefined);
  const empty = delivery('[]');
  inbox.add(empty.one);
  expect(inbox.oldestMs()).toBeUndefined();
  expect(empty.isAcknowledged()).toBe(true);
});

it('what came over a channel that is gone is forgotten, unpacked or not', () => {
  const inbox = createInbox(() => undefined);
  inbox.add(delivery(message(2), 1).one);
  expect(inbox.holds(1)).toBe(true);
  inbox.add(delivery(message(2), 1).one);
  inbox.add(delivery(message(1), 2).one);
  inbox.drop(1);
  expect(inbox.take(10).map((item) => item.delivery.channelGeneration)).toEqual([2]);
  inbox.add(delivery(message(1), 2).one);
  inbox.drop();
  expect(inbox.holds(1)).toBe(false);
});
