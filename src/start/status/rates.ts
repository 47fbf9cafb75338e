import type { ClusterState } from '../../ops/cluster-watch.ts';
import { samplesOf } from '../../platform/prometheus-text.ts';

/** What has happened so far, counted at one moment. */
export interface Totals {
  readonly atMs: number;
  /** Claims given and settled by sale, from Redis. */
  readonly sales: ReadonlyMap<string, { readonly sequence: number; readonly settled: number }>;
  /** Orders answered by outcome, by gateway process. */
  readonly gateways: ReadonlyMap<number, Readonly<Record<string, number>>>;
}

/** Orders per second between two looks; null where a part could not be read. */
export interface Rates {
  readonly acceptedPerSecond: number | null;
  readonly drainedPerSecond: number | null;
  readonly soldOutPerSecond: number | null;
  /** Refused for limits: 503 and 429. */
  readonly refusedPerSecond: number | null;
}

const refusals = ['unavailable', 'outcome-unknown', 'rate-limited'] as const;

export function totalsOf(state: ClusterState, pages: ReadonlyMap<number, string>, atMs: number): Totals {
  const gateways = new Map<number, Record<string, number>>();
  for (const [pid, page] of pages) {
    const outcomes: Record<string, number> = {};
    for (const { labels, value } of samplesOf(page, 'sluice_orders_total')) {
      const outcome = /outcome="([^"]*)"/.exec(labels)?.[1];
      if (outcome !== undefined) outcomes[outcome] = value;
    }
    gateways.set(pid, outcomes);
  }
  const sales = new Map(
    [...state.counters].map(([saleId, { sequence, settled }]) => [saleId, { sequence, settled }]),
  );
  return { atMs, sales, gateways };
}

/**
 * Only what both looks saw counts: a sale that was archived, or a gateway that has started again in between, would
 * show as a fall.
 */
export function ratesBetween(before: Totals | undefined, now: Totals): Rates {
  const seconds = before ? (now.atMs - before.atMs) / 1_000 : 0;
  if (!before || seconds <= 0) {
    return {
      acceptedPerSecond: null,
      drainedPerSecond: null,
      soldOutPerSecond: null,
      refusedPerSecond: null,
    };
  }
  const perSecond = <Key, Count>(
    then: ReadonlyMap<Key, Count>,
    later: ReadonlyMap<Key, Count>,
    count: (counted: Count) => number,
  ): number | null => {
    const both = [...later].filter(([key]) => then.has(key));
    if (both.length === 0) return null;
    const risen = both.map(([key, counted]) => Math.max(0, count(counted) - count(then.get(key)!)));
    return risen.reduce((sum, rise) => sum + rise, 0) / seconds;
  };
  return {
    acceptedPerSecond: perSecond(before.sales, now.sales, ({ sequence }) => sequence),
    drainedPerSecond: perSecond(before.sales, now.sales, ({ settled }) => settled),
    soldOutPerSecond: perSecond(before.gateways, now.gateways, (answered) => answered['sold-out'] ?? 0),
    refusedPerSecond: perSecond(before.gateways, now.gateways, (answered) =>
      refusals.reduce((sum, outcome) => sum + (answered[outcome] ?? 0), 0),
    ),
  };
}
