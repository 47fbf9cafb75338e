import type { createManagement } from './management.ts';
import { deadQueue, ordersQueue } from './queues.ts';

/**
 * So high that no crash loop reaches it: at the limit the broker would drop the message. 4.x has a limit of 20
 * unless told, 3.10 none; -1 would say "no limit", but only 4.x understands it. Listing dead letters counts as
 * a delivery too.
 */
const deliveryLimit = 1_000_000;

/**
 * Sets the limits of both queues. A queue obeys one policy only: an operator's policy of higher priority on
 * these names replaces ours. Repeatable.
 *
 * @param queueMaxBytes bodies that may wait in `sluice.orders`; beyond, publishes are nacked until it has
 *   drained to 80 %.
 */
export async function applyPolicies(
  management: ReturnType<typeof createManagement>,
  queueMaxBytes: number,
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
}

function exactly(queue: string): string {
  return `^${queue.replaceAll('.', '\\.')}$`;
}
