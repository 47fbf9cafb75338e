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

/** Unpacks deliveries into events, in order of arrival. */
export function createInbox() {
  let items: Item[] = [];
  let head = 0;

  return {
    size: () => items.length - head,
    /** When the oldest event's order was settled, milliseconds since the epoch. */
    oldestMs: () => (head < items.length ? Date.parse(items[head]!.event.time) : undefined),

    /** Takes a delivery in; the parts of it that are no events are returned. An empty one is done at once. */
    add(delivery: EventDelivery): UnreadablePart[] {
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
      return unreadable.map((one) => ({ ...one, done: part() }));
    },

    /** The oldest events, up to `max`. */
    take(max: number): Item[] {
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
      items =
        channelGeneration === undefined
          ? []
          : items.slice(head).filter(({ delivery }) => delivery.channelGeneration !== channelGeneration);
      head = 0;
    },
  };
}
