import type { Cap } from '../order/ports/ledger.ts';

/**
 * Orders a drainer puts into one batch: half of the burst. The other half is credit, with which a drainer that
 * woke up late catches up without any second seeing more than the cap and one burst.
 */
export function batchOrders(cap: Cap): number {
  return Math.max(1, Math.floor(cap.burstOrders / 2));
}

/**
 * Envelopes a drainer holds: five batches, counted as if every envelope held a single order: one that is gathered,
 * one that is written, and those of 100 ms whose events are gathered. At low caps that is few, so that what is held
 * can be drained long before the broker's consumer timeout (30 minutes).
 */
export function prefetchEnvelopes(cap: Cap): number {
  return Math.min(65_535, 5 * batchOrders(cap));
}

/** Batches that are committed and not acknowledged yet; with so many the next one waits. */
export const settlingMax = 8;
