import type { SaleClaims, SaleCounters } from '../order/ports/claims.ts';
import type { Cap, Ledger, LedgerReader } from '../order/ports/ledger.ts';
import type { QueueDepth } from '../order/ports/queue.ts';
import type { LedgerSale } from '../order/sale.ts';
import type { Logger } from '../platform/logger.ts';
import type { ClusterMetrics } from '../platform/metrics.ts';

/** What one look at the cluster saw; a part that could not be read is `undefined`. */
export interface ClusterState {
  readonly cap: Cap | undefined;
  readonly waiting: number | undefined;
  readonly oldestAgeMs: number | undefined;
  readonly drainSeconds: number | undefined;
  readonly depth: QueueDepth | undefined;
  readonly sales: readonly LedgerSale[];
  readonly counters: ReadonlyMap<string, SaleCounters>;
  /** Pieces by which Redis is off the ledger, by sale and SKU as `"sale SKU"`; empty where it is not known. */
  readonly drift: ReadonlyMap<string, number>;
}

/**
 * Looks at all dependencies and sets the gauges that are true of the cluster. It also tells the gateways, through
 * Redis, the cap in force, and the claims the restocks that they have missed.
 */
export function createClusterWatch(deps: {
  claims: Pick<SaleClaims, 'cluster' | 'counters' | 'raiseStock' | 'announceCap' | 'pending' | 'nowMs'>;
  ledger: Pick<Ledger, 'readCap'> & Pick<LedgerReader, 'liveSales'>;
  readDepth: () => Promise<QueueDepth>;
  /**
   * Called when RabbitMQ is first seen, and when it is back after being away: one that lost its data has lost the
   * queues' limits too. Must be repeatable.
   */
  restoreTopology?: () => Promise<void>;
  metrics: ClusterMetrics;
  logger: Logger;
}) {
  const { claims, ledger, metrics } = deps;
  const down = new Set<string>();
  // As far as is known: nobody looked before.
  let brokerWasAway = true;
  /** The look before, by sale and SKU. */
  let seenBefore = new Map<string, SeenStock>();

  async function ask<T>(dependency: 'redis' | 'rabbitmq' | 'postgres', question: () => Promise<T>) {
    try {
      const answer = await question();
      metrics.dependencies.set(dependency, true);
      if (down.delete(dependency)) deps.logger.info({ dependency }, 'a dependency is back');
      return answer;
    } catch (error) {
      metrics.dependencies.set(dependency, false);
      if (!down.has(dependency)) deps.logger.warn({ dependency, err: error }, 'a dependency is away');
      down.add(dependency);
      return undefined;
    }
  }

  async function restoreTopology(): Promise<void> {
    if (!brokerWasAway || !deps.restoreTopology) return;
    try {
      await deps.restoreTopology();
      brokerWasAway = false;
    } catch (error) {
      deps.logger.warn({ err: error }, 'the queues cannot be declared again yet; trying again');
    }
  }

  /** A restock may have reached the ledger alone, or met a sale that was being rebuilt. */
  async function raiseStock({ saleId, items }: LedgerSale, counted: SaleCounters): Promise<boolean> {
    const put = new Map(counted.items.map((item) => [item.sku, item.initial]));
    let raised = false;
    for (const { sku, stock } of items) {
      if ((put.get(sku) ?? stock) >= stock) continue;
      if (!(await claims.raiseStock(saleId, sku, stock))) continue;
      raised = true;
      deps.logger.info({ saleId, sku, stock }, 'the claims had missed a restock');
    }
    return raised;
  }

  async function readClaims(sales: readonly LedgerSale[]) {
    const view = await claims.cluster();
    const counters = new Map<string, SaleCounters>();
    for (const sale of sales) {
      const counted = await claims.counters(sale.saleId);
      if (!counted) continue;
      const raised = await raiseStock(sale, counted);
      const now = raised ? await claims.counters(sale.saleId) : counted;
      if (now) counters.set(sale.saleId, now);
    }
    const nowMs = await claims.nowMs();
    let oldestAgeMs = 0;
    for (const [saleId, waiting] of view?.waitingBySale ?? []) {
      if (waiting === 0) continue;
      const [oldest] = await claims.pending(saleId, nowMs + 1, 1);
      if (oldest) oldestAgeMs = Math.max(oldestAgeMs, nowMs - oldest.order.claimedAtMs);
    }
    return { waiting: view?.waiting, counters, oldestAgeMs };
  }

  function showCap(cap: Cap): void {
    metrics.cap.reset();
    metrics.cap.labels(cap.paused ? 'paused' : cap.reason).set(cap.paused ? 0 : cap.ordersPerSecond);
  }

  function showTimes(sales: readonly LedgerSale[]): void {
    for (const gauge of [metrics.saleOpens, metrics.saleCloses]) gauge.reset();
    for (const { saleId, opensAtMs, closesAtMs } of sales) {
      metrics.saleOpens.labels(saleId).set(opensAtMs / 1_000);
      metrics.saleCloses.labels(saleId).set(closesAtMs / 1_000);
    }
  }

  function showStock(
    sales: readonly LedgerSale[],
    counters: ReadonlyMap<string, SaleCounters>,
  ): ReadonlyMap<string, number> {
    for (const gauge of [metrics.stockLeft, metrics.stockClaimed, metrics.stockDrift]) gauge.reset();
    const seenNow = new Map<string, SeenStock>();
    const drifts = new Map<string, number>();
    for (const sale of sales) {
      const counted = new Map(counters.get(sale.saleId)?.items.map((item) => [item.sku, item]));
      for (const { sku, stockLeft } of sale.items) {
        const key = `${sale.saleId} ${sku}`;
        const before = seenBefore.get(key);
        const item = counted.get(sku);
        const inRedis = item && item.left + item.claimed;
        seenNow.set(key, { ledger: stockLeft, ledgerBefore: before?.ledger ?? stockLeft, inRedis });
        metrics.stockLeft.labels(sale.saleId, sku).set(stockLeft);
        if (!item) continue;
        metrics.stockClaimed.labels(sale.saleId, sku).set(item.claimed);
        const drift =
          before?.inRedis === undefined
            ? 0
            : driftFrom(before.inRedis, [before.ledgerBefore, before.ledger, stockLeft]);
        metrics.stockDrift.labels(sale.saleId, sku).set(drift);
        drifts.set(key, drift);
      }
    }
    seenBefore = seenNow;
    return drifts;
  }

  return {
    async look(): Promise<ClusterState> {
      const [cap, sales] = (await ask('postgres', async () =>
        Promise.all([ledger.readCap(), ledger.liveSales()]),
      )) ?? [undefined, []];
      const fromClaims = await ask('redis', async () => {
        if (cap) await claims.announceCap(cap.paused ? 0 : cap.ordersPerSecond);
        return readClaims(sales);
      });
      const depth = await ask('rabbitmq', deps.readDepth);
      if (depth) await restoreTopology();
      else brokerWasAway = true;

      const { waiting, oldestAgeMs } = fromClaims ?? {};
      const counters = fromClaims?.counters ?? new Map<string, SaleCounters>();
      const drainSeconds = waiting === undefined ? undefined : secondsToDrain(waiting, cap);
      if (cap) {
        showCap(cap);
        showTimes(sales);
      }
      const drift = cap ? showStock(sales, counters) : new Map<string, number>();
      if (waiting !== undefined) metrics.waiting.set(waiting);
      if (oldestAgeMs !== undefined) metrics.oldestAgeSeconds.set(oldestAgeMs / 1_000);
      if (drainSeconds !== undefined) metrics.backlogDrainSeconds.set(drainSeconds);
      if (depth) {
        metrics.deadLetters.set(depth.deadLetters);
        metrics.queueReady.set(depth.ready);
        metrics.queueUnacknowledged.set(depth.unacknowledged);
      }
      return { cap, waiting, oldestAgeMs, drainSeconds, depth, sales, counters, drift };
    },
  };
}
export type ClusterWatch = ReturnType<typeof createClusterWatch>;

/** Infinity while draining is paused and orders wait. */
function secondsToDrain(waiting: number, cap: Cap | undefined): number | undefined {
  if (!cap) return undefined;
  if (waiting === 0) return 0;
  return cap.paused ? Number.POSITIVE_INFINITY : waiting / cap.ordersPerSecond;
}

/**
 * By how many pieces Redis (left and claimed) is off the ledger. The ledger is read before Redis, and moves on
 * meanwhile; Redis follows it within one look. So what Redis said at a look is in order anywhere between what the
 * ledger said at the look before, at that look, and at the look after it; restocks raise both.
 */
export function driftFrom(inRedis: number, ledger: readonly number[]): number {
  const low = Math.min(...ledger);
  const high = Math.max(...ledger);
  if (inRedis < low) return inRedis - low;
  return inRedis > high ? inRedis - high : 0;
}

/** What one look saw of a SKU, in pieces. */
interface SeenStock {
  readonly ledger: number;
  /** The same at the look before it. */
  readonly ledgerBefore: number;
  /** Left and claimed; undefined where Redis did not tell. */
  readonly inRedis: number | undefined;
}
