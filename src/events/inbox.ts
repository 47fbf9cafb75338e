import { decodeEvents, type OrderEvent } from '../order/events.ts';
import type { EventDelivery } from '../order/ports/events.ts';

/** One event in a follower's hands, with the delivery that brought it. */
export interface Item {
  readonly event: OrderEvent;
  readonly delivery: EventDelivery;
  /** It is dealt with; the delivery is acknowledged with its last event. Saying so again changes nothing. */
  done(): void;
}

/** A part of a message that is no event. */
export interface UnreadablePart {
  readonly content: Buffer;
  readonly reason: string;
  done(): void;
}

/**
 * Unpacks deliveries into events, in order of arrival, and none before it is asked for: a message may hold hundreds of
 * events, and a follower that is behind holds many messages.
 *
 * @param onUnreadable called for each part of a message that is no event, when the message is unpacked
 */
export function createInbox(onUnreadable: (part: UnreadablePart) => void) {
  let packed: EventDelivery[] = [];
  let items: Item[] = [];
  let head = 0;

  /** An empty delivery is done at once. */
  function unpack(delivery: EventDelivery): void {
    const { events, unreadable } = decodeEvents(delivery.content);
    let left = events.length + unreadable.length;
    if (left === 0) delivery.ack();
    const part = () => {
      let isDone = false;
      return () => {
        if (isDone) return;
        isDone = true;
        left -= 1;
        if (left === 0) delivery.ack();
      };
    };
    for (const event of events) items.push({ event, delivery, done: part() });
    for (const one of unreadable) onUnreadable({ ...one, done: part() });
  }

  /** Whether so many events are here. */
  function holds(events: number): boolean {
    while (items.length - head < events) {
      const delivery = packed.shift();
      if (!delivery) return false;
      unpack(delivery);
    }
    return true;
  }

  return {
    holds,
    /** When the oldest event's order was settled, milliseconds since the epoch. */
    oldestMs: () => (holds(1) ? Date.parse(items[head]!.event.time) : undefined),
    add: (delivery: EventDelivery): void => void packed.push(delivery),

    /** The oldest events, up to `max`. */
    take(max: number): Item[] {
      holds(max);
      const taken = items.slice(head, head + max);
      head += taken.length;
      if (head > 1_000 && head * 2 > items.length) {
        items = items.slice(head);
        head = 0;
      }
      return taken;
    },

    /** Forgets what came over a channel that is gone, or (without an argument) everything: it comes again. */
    drop(channelGeneration?: number): void {
      const stays = (delivery: EventDelivery) =>
        channelGeneration !== undefined && delivery.channelGeneration !== channelGeneration;
      packed = packed.filter(stays);
      items = items.slice(head).filter(({ delivery }) => stays(delivery));
      head = 0;
    },
  };
}
