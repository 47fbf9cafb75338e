import { isOrderError } from '../../order/errors.ts';
import type { OrderEvent } from '../../order/events.ts';
import { EffectError, each, type Follower } from '../follower.ts';

/**
 * Publishes each event by itself, as `order.confirmed`, `order.rejected` or `order.failed`, for subscribers that
 * take no batches: over MQTT (topic `order/confirmed`), STOMP (`/topic/order.confirmed`) and whatever else RabbitMQ
 * speaks. At least once: the same event has the same `id`.
 *
 * @param publish resolves when the broker has the event; rejects with an OrderError where it has not
 */
export function createBridge(publish: (routingKey: string, event: OrderEvent) => Promise<void>): Follower {
  return {
    name: 'bridge',
    bindings: ['orders.*'],
    ordersAtOnce: 200,
    effect: {
      within: 'outside',
      // Whoever subscribes has to bear repetition anyway.
      forgets: true,
      apply: each(async (event) => {
        try {
          await publish(`order.${event.data.status}`, event);
        } catch (cause) {
          if (!isOrderError(cause)) throw cause;
          throw new EffectError('neighbour-away', cause.message, { cause });
        }
      }),
    },
  };
}
