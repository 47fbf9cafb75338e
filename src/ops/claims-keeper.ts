import type { CatalogSale, ClaimsRecovery, SaleClaims } from '../order/ports/claims.ts';
import type { LedgerOperations, LedgerReader } from '../order/ports/ledger.ts';
import { claimsLiveUntilMs, type LedgerSale } from '../order/sale.ts';
import type { Logger } from '../platform/logger.ts';
import type { ClusterMetrics } from '../platform/metrics.ts';

const loadPageOrders = 2_000;

/**
 * Keeps what Redis says true to the ledger. A server that restarted is vetted: with every sale's sequence not
 * behind the ledger's it carries on at once; a sale that is missing or behind, or turns out to have lost claims, is
 * closed for claims and rebuilt once its backlog has drained and the claims that it still has are settled.
 */
export function createClaimsKeeper(deps: {
  claims: SaleClaims & ClaimsRecovery;
  ledger: LedgerReader & Pick<LedgerOperations, 'raiseEpoch'>;
  /** Resolves `true` when nothing is in the order queue, ready or unacknowledged; `false` when aborted. */
  untilQueueEmpty: (signal: AbortSignal) => Promise<boolean>;
  metrics: Pick<ClusterMetrics, 'rebuilds'>;
  logger: Logger;
}) {
  const { claims, ledger, logger } = deps;

  /** Sales that claims must hold: those that are not archived and still answer from Redis. */
  async function expected(): Promise<LedgerSale[]> {
    const [sales, nowMs] = await Promise.all([ledger.liveSales(), claims.nowMs()]);
    return sales.filter((sale) => nowMs < claimsLiveUntilMs(sale));
  }

  async function rebuilding(): Promise<CatalogSale[]> {
    const closed = ((await claims.catalog()) ?? []).filter((sale) => sale.state === 'rebuilding');
    if (closed.length === 0) return [];
    const nowMs = await claims.nowMs();
    return closed.filter((sale) => nowMs < claimsLiveUntilMs(sale));
  }

  async function vet(current: string): Promise<void> {
    for (const sale of await expected()) {
      const counters = await claims.counters(sale.saleId);
      if (counters && counters.sequence >= sale.highestSequence) continue;
      logger.warn(
        { saleId: sale.saleId, sequence: counters?.sequence, ledgerSequence: sale.highestSequence },
        counters
          ? 'Redis is behind the ledger; rebuilding the sale'
          : 'Redis has lost the sale; rebuilding it',
      );
      await claims.beginRebuild(sale, await ledger.raiseEpoch(sale.saleId));
    }
    await claims.vet(current);
    logger.info({ runId: current }, 'Redis is vetted');
  }

  /**
   * A copy that is older than the server's last moment, and not behind what the ledger had settled by then, passes
   * the vetting. The orders that were still in the queue tell, once they are settled.
   */
  async function closeIfLost(saleId: string): Promise<void> {
    const lost = await claims.lostClaims(saleId);
    const sale = lost > 0 ? await ledger.sale(saleId) : undefined;
    if (!sale) return;
    logger.warn({ saleId, lost }, 'Redis has lost claims; rebuilding the sale');
    await claims.beginRebuild(sale, await ledger.raiseEpoch(saleId));
  }

  async function rebuild(sale: LedgerSale, signal: AbortSignal): Promise<void> {
    await claims.clearSale(sale.saleId);
    let orders = 0;
    for await (const page of ledger.orders(sale.saleId, loadPageOrders)) {
      if (signal.aborted) return;
      await claims.loadSettled(sale.saleId, page);
      orders += page.length;
    }
    const now = await ledger.sale(sale.saleId);
    // With the epoch a limit may have come, which was not there to be counted for: it is loaded anew.
    if (now?.epoch !== sale.epoch) return;
    await claims.finishRebuild(sale.saleId, {
      epoch: now.epoch,
      sequence: now.highestSequence,
      items: now.items,
    });
    deps.metrics.rebuilds.inc();
    logger.info({ saleId: sale.saleId, orders, epoch: now.epoch }, 'the sale is rebuilt and open');
  }

  return {
    /** One look: vets the server where that is due. Resolves with the sales that wait for a rebuild. */
    async look(): Promise<CatalogSale[]> {
      const { current, vetted } = await claims.runIds();
      if (current !== vetted) await vet(current);
      const catalog = (await claims.catalog()) ?? [];
      for (const sale of catalog) if (sale.state === 'open') await closeIfLost(sale.saleId);
      return rebuilding();
    },

    /**
     * Rebuilds sales that are closed for it, once the backlog has drained; gives up when aborted. A sale with claims
     * that the queue has lost is left for another time: the reconciler publishes their orders, which nobody else knows.
     */
    async rebuildAll(waiting: readonly CatalogSale[], signal: AbortSignal): Promise<void> {
      logger.info(
        { sales: waiting.map((sale) => sale.saleId) },
        'waiting for the backlog to drain, to rebuild',
      );
      if (!(await deps.untilQueueEmpty(signal))) return;
      for (const { saleId } of waiting) {
        if (signal.aborted) return;
        if (await claims.hasPending(saleId)) {
          logger.info(
            { saleId },
            'the sale still has claims that are not settled; its rebuild waits for them',
          );
          continue;
        }
        const sale = await ledger.sale(saleId);
        if (sale) await rebuild(sale, signal);
      }
    },
  };
}
export type ClaimsKeeper = ReturnType<typeof createClaimsKeeper>;
