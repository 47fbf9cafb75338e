import { droppedQueue } from './follower-queues.ts';
import type { createManagement } from './management.ts';
import { deadQueue, ordersQueue } from './queues.ts';

/**
 * So high that no crash loop reaches it: at the limit the broker would drop the message. 4.x has a limit of 20
 * unless told, 3.10 none; -1 would say "no limit", but only 4.x understands it. Listing dead letters counts as
 * a delivery too.
 */
const deliveryLimit = 1_000_000;

/** What followers have dropped waits here to be counted by the ops role; what is beyond is not counted. */
const droppedMaxBytes = 64 * 1024 * 1024;

/** What may wait for one subscriber of the bridge, who may have gone for good. */
const subscriberMaxBytes = 64 * 1024 * 1024;

/**
 * Sets the limits of all queues. A queue obeys one policy only: an operator's policy of higher priority on
 * these names replaces ours. Repeatable.
 *
 * @param queueMaxBytes bodies that may wait in `sluice.orders`; beyond, publishes are nacked until it has
 *   drained to 80 %.
 * @param followerQueueMaxBytes bodies that may wait in each queue of a follower. Beyond, a follower's own queue drops
 *   its oldest message, so that it never holds up the exchange; its queues for retries and dead letters refuse,
 *   and so hold up the follower alone.
 * @param bridge whether MQTT and STOMP subscribers have queues here, which drop their oldest message likewise.
 */
export async function applyPolicies(
  management: ReturnType<typeof createManagement>,
  queueMaxBytes: number,
  followerQueueMaxBytes: number,
  bridge: boolean,
): Promise<void> {
  await management.putPolicy('sluice-orders', {
    pattern: exactly(ordersQueue),
    definition: {
      'max-length-bytes': queueMaxBytes,
      overflow: 'reject-publish',
      'delivery-limit': deliveryLimit,
    },
  });
  await management.putPolicy('sluice-orders-dead', {
    pattern: exactly(deadQueue),
    definition: { 'delivery-limit': deliveryLimit },
  });
  const bounded = { 'max-length-bytes': followerQueueMaxBytes, 'delivery-limit': deliveryLimit };
  await management.putPolicy('sluice-followers', {
    pattern: '^sluice\\.follower\\.[a-z0-9-]+$',
    definition: {
      ...bounded,
      overflow: 'drop-head',
      'dead-letter-exchange': '',
      'dead-letter-routing-key': droppedQueue,
    },
  });
  await management.putPolicy('sluice-followers-aside', {
    pattern: '^sluice\\.follower\\.[a-z0-9-]+\\.(dead|retry\\.[0-9]+)$',
    definition: { ...bounded, overflow: 'reject-publish' },
  });
  await management.putPolicy('sluice-followers-dropped', {
    pattern: exactly(droppedQueue),
    definition: {
      'max-length-bytes': droppedMaxBytes,
      overflow: 'drop-head',
      'delivery-limit': deliveryLimit,
    },
  });
  if (bridge) {
    await management.putPolicy('sluice-subscribers', {
      pattern: '^(mqtt|stomp)-subscription-',
      definition: { 'max-length-bytes': subscriberMaxBytes, overflow: 'drop-head' },
    });
  }
}

function exactly(queue: string): string {
  return `^${queue.replaceAll('.', '\\.')}$`;
}
