import { isOrderError } from '../order/errors.ts';
import { type EventMessage, encodeEvents } from '../order/events.ts';
import type { EventPublisher } from '../order/ports/events.ts';
import type { LedgerOrder, LedgerReader } from '../order/ports/ledger.ts';
import { createBackOff } from '../platform/back-off.ts';
import type { Clock } from '../platform/clock.ts';
import { coalesce } from '../platform/coalesce.ts';
import type { Logger } from '../platform/logger.ts';
import type { DrainMetrics } from '../platform/metrics.ts';
import type { BatchEntry } from './batcher.ts';
import { settlingMax } from './sizes.ts';
import type { SettledEntry } from './write-batch.ts';

/**
 * Under a crowd messages leave this far apart, each with the events of all batches since the last: a message
 * costs the broker and its followers something whatever it holds (see docs/decisions/events.md). A lone batch waits
 * for nothing.
 */
const gatherMs = 100;

/**
 * Publishes the events of batches, one message per outcome, and holds on until the broker has confirmed them: the
 * delivery that is not acknowledged meanwhile is what remembers them through a crash.
 *
 * What was settled before is announced again, for nobody knows whether it was then. Its event is made from the row
 * that stands, because the order at hand may be another one under the same transaction ID.
 *
 * @param deps.signal aborted when nothing should be waited for any longer
 */
export function createEventAnnouncer(deps: {
  events: EventPublisher;
  ledger: Pick<LedgerReader, 'find'>;
  metrics: Pick<DrainMetrics, 'events'>;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}) {
  async function untilDone<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    const backOff = createBackOff({ firstMs: 50, maxMs: 2_000 });
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isOrderError(error) || error.disposition !== 'retry') throw error;
        if (deps.signal.aborted) return undefined;
        deps.logger.warn({ err: error }, `${what}; holding the batch`);
        await deps.clock.sleep(backOff.nextMs(), deps.signal);
      }
    }
  }

  async function standing(repeated: readonly SettledEntry<BatchEntry>[]): Promise<LedgerOrder[] | undefined> {
    const bySale = new Map<string, Set<string>>();
    for (const { settlement } of repeated) {
      const { saleId, transactionId } = settlement.order;
      const ids = bySale.get(saleId);
      if (ids) ids.add(transactionId);
      else bySale.set(saleId, new Set([transactionId]));
    }
    const found: LedgerOrder[] = [];
    for (const [saleId, ids] of bySale) {
      const rows = await untilDone('the ledger does not say what it holds', () =>
        deps.ledger.find(saleId, [...ids]),
      );
      if (!rows) return undefined;
      found.push(...rows);
    }
    return found;
  }

  async function publish(message: EventMessage): Promise<boolean> {
    const published = await untilDone('the events are not confirmed', async () => {
      await deps.events.publishEvents(message);
      return true;
    });
    if (published) deps.metrics.events.labels(message.routingKey.slice('orders.'.length)).inc(message.events);
    return published ?? false;
  }

  const announceTogether = coalesce<readonly LedgerOrder[], boolean>(
    async (batches) => {
      const published = await Promise.all(encodeEvents(batches.flat()).map(publish));
      return batches.map(() => published.every(Boolean));
    },
    { maxBatch: settlingMax, maxConcurrent: settlingMax, gatherMs, gatherItems: settlingMax },
  );

  /** Resolves with whether all events are confirmed; where not, nothing of the batch may be acknowledged. */
  return async function announce(settled: readonly SettledEntry<BatchEntry>[]): Promise<boolean> {
    const orders = settled.filter(({ settlement }) => !settlement.repeated).map(orderOf);
    if (orders.length < settled.length) {
      const rows = await standing(settled.filter(({ settlement }) => settlement.repeated));
      if (!rows) return false;
      orders.push(...rows);
    }
    return orders.length === 0 || announceTogether(orders);
  };
}

function orderOf({
  entry,
  settlement: { status, reason, settledAtMs },
}: SettledEntry<BatchEntry>): LedgerOrder {
  return { order: entry.order, status, ...(reason === undefined ? undefined : { reason }), settledAtMs };
}
