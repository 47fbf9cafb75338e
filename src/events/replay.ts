import { isOrderError } from '../order/errors.ts';
import { eventOf, type OrderEvent } from '../order/events.ts';
import type { FollowerLedger, FollowerQueues } from '../order/ports/events.ts';
import type { LedgerReader } from '../order/ports/ledger.ts';
import type { Clock } from '../platform/clock.ts';
import type { Follower } from './follower.ts';

const pageOrders = 500;
/** A replay that ran ahead of its follower would fill the queue, and a full queue drops what is oldest. */
const waitingMessagesMax = 50;
const pollMs = 200;

/**
 * Gives a follower the settled orders of a sale once more, from the ledger: for what its queue has dropped, and for
 * a follower that joins late. What it has handled is left out. Waits while the queue is long.
 */
export async function replay(deps: {
  follower: Pick<Follower, 'name' | 'bindings' | 'effect'>;
  saleId: string;
  ledger: Pick<LedgerReader, 'orders'> & Pick<FollowerLedger, 'unhandled' | 'write'>;
  queues: Pick<FollowerQueues, 'replay'>;
  /** Messages that wait in the follower's queue. */
  waiting: () => Promise<number>;
  clock: Clock;
}): Promise<{ readonly replayed: number; readonly handledBefore: number }> {
  const { follower, ledger, queues, clock } = deps;
  const { effect } = follower;
  async function unhandled(events: readonly OrderEvent[]): Promise<readonly OrderEvent[]> {
    try {
      return await ('idempotent' in effect
        ? ledger.write((sql) => effect.missing(events, sql))
        : ledger.unhandled(follower.name, events));
    } catch (error) {
      // One of them is refused. The follower leaves out what it has handled anyway, and says which one and why.
      if (isOrderError(error, 'batch-unwritable')) return events;
      throw error;
    }
  }
  let replayed = 0;
  let handledBefore = 0;
  for await (const page of ledger.orders(deps.saleId, pageOrders)) {
    const events = page.map((order) => eventOf(order)).filter((event) => isFor(follower, event));
    const fresh = events.length === 0 ? [] : await unhandled(events);
    handledBefore += events.length - fresh.length;
    if (fresh.length === 0) continue;
    while ((await deps.waiting()) >= waitingMessagesMax) await clock.sleep(pollMs);
    await queues.replay(fresh);
    replayed += fresh.length;
  }
  return { replayed, handledBefore };
}

function isFor({ bindings }: Pick<Follower, 'bindings'>, { data }: OrderEvent): boolean {
  return bindings.some((pattern) => matches(pattern, `orders.${data.status}`));
}

/** Whether a routing key fits a pattern, as a topic exchange sees it: `*` is one word, `#` any number of them. */
export function matches(pattern: string, routingKey: string): boolean {
  const words = routingKey.split('.');
  const fits = (parts: readonly string[], from: number): boolean => {
    const [part, ...rest] = parts;
    if (part === undefined) return from === words.length;
    if (part === '#') return fits(rest, from) || (from < words.length && fits(parts, from + 1));
    return from < words.length && (part === '*' || part === words[from]) && fits(rest, from + 1);
  };
  return fits(pattern.split('.'), 0);
}
