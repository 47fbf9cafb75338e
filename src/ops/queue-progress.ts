import { settings } from '../platform/config/settings.ts';
import type { ClusterState } from './cluster-watch.ts';

/** A look at the cluster that the queue has not got past yet, as far as is known. */
interface Look {
  readonly atMs: number;
  /** By when it has: orders settled, as counted here. */
  readonly passedAt: number;
}

/** An hour of looks, one a second. While there are as many, later ones are left out, and an earlier one is the answer. */
const looksKept = 3_600;
/** No envelope holds more, whatever a gateway was told. */
const envelopeOrders = settings.ENVELOPE_MAX_ORDERS.max;

/**
 * How far the order queue has got. Orders leave it about in the order of their claims: the queue has got past all that
 * was claimed before a look once as many orders have settled since as it can have held at the look. While draining
 * stands still nothing settles: what waits out a pause or an outage, at the end of a long backlog or for a slow
 * database, is not taken to have left the queue.
 */
export function createQueueProgress() {
  const looks: Look[] = [];
  let settled = 0;
  let settledOf = new Map<string, number>();
  let passedMs = Number.NEGATIVE_INFINITY;

  function countSettled(counters: ClusterState['counters']): void {
    for (const [saleId, sale] of counters) {
      // A sale that is rebuilt counts anew.
      settled += Math.max(0, sale.settled - (settledOf.get(saleId) ?? sale.settled));
    }
    settledOf = new Map([...counters].map(([saleId, sale]) => [saleId, sale.settled]));
  }

  function remember(look: Look): void {
    // Once the queue has got past this look, it has got past those before.
    while (looks.length > 0 && looks.at(-1)!.passedAt >= look.passedAt) looks.pop();
    if (looks.length < looksKept) looks.push(look);
  }

  return {
    /** Takes in a look at the cluster that began at `atMs`. One that saw only part of it tells nothing. */
    note({ cap, waiting, depth, counters }: ClusterState, atMs: number): void {
      if (!cap || waiting === undefined || !depth) return;
      countSettled(counters);
      const inQueue = (depth.ready + depth.unacknowledged) * envelopeOrders;
      remember({ atMs, passedAt: settled + Math.min(inQueue, waiting) });
      while (looks[0] && looks[0].passedAt <= settled) passedMs = looks.shift()!.atMs;
    },

    /** How old a claim is at least that the queue has got past; infinitely old as long as that is not known of any. */
    passedAgeMs: (nowMs: number): number => nowMs - passedMs,
  };
}
