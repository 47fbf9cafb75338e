import type { ClaimedOrder } from '../order/order.ts';
import type { Delivery } from '../order/ports/queue.ts';

/** An order in a drainer's hands, with the delivery that brought it. */
export interface BatchEntry {
  readonly order: ClaimedOrder;
  readonly delivery: DeliveryInHand;
}

/** A delivery and how many of its orders are not done. */
export interface DeliveryInHand {
  readonly delivery: Delivery;
  left: number;
}

/**
 * Turns envelopes of any size into batches of a wanted size, in order of arrival. An envelope may fall into
 * several batches, and is acknowledged when the last of its orders is done.
 */
export function createBatcher() {
  let entries: BatchEntry[] = [];
  let head = 0;

  function size(): number {
    return entries.length - head;
  }

  return {
    size,

    /** An envelope without orders is a probe, and done at once. */
    add(delivery: Delivery): void {
      const { orders } = delivery.envelope;
      if (orders.length === 0) {
        delivery.ack();
        return;
      }
      const inHand: DeliveryInHand = { delivery, left: orders.length };
      for (const order of orders) entries.push({ order, delivery: inHand });
    },

    /** The oldest 1 to `maxOrders` entries. */
    take(maxOrders: number): BatchEntry[] {
      const batch = entries.slice(head, head + maxOrders);
      head += batch.length;
      if (head > 4_096 && head * 2 > entries.length) {
        entries = entries.slice(head);
        head = 0;
      }
      return batch;
    },

    /** Puts entries back in front, as if they had not been taken. */
    putBack(batch: readonly BatchEntry[]): void {
      entries = [...batch, ...entries.slice(head)];
      head = 0;
    },

    /** Forgets what came over a channel that is gone, or (without an argument) everything: it comes again. */
    drop(channelGeneration?: number): void {
      const kept =
        channelGeneration === undefined
          ? []
          : entries
              .slice(head)
              .filter((entry) => entry.delivery.delivery.channelGeneration !== channelGeneration);
      entries = kept;
      head = 0;
    },
  };
}

/** Marks one order of a delivery as done, and acknowledges the delivery with its last one. */
export function markDone({ delivery }: BatchEntry): void {
  delivery.left -= 1;
  if (delivery.left === 0) delivery.delivery.ack();
}
