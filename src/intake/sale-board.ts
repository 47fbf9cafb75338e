import type { CatalogItem, CatalogSale, ClusterView, SaleClaims } from '../order/ports/claims.ts';
import type { Clock } from '../platform/clock.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';

/** A sale with its items by SKU. */
export interface BoardSale extends CatalogSale {
  readonly bySku: ReadonlyMap<string, CatalogItem>;
}

/** What this gateway knows of the cluster, at most a sync interval old. */
export interface SaleBoard extends Lifecycle {
  sale(saleId: string): BoardSale | undefined;
  sales(): readonly BoardSale[];
  /** Orders claimed and not settled, over all sales. */
  waiting(): number;
  waitingBeside(saleId: string): number;
  /** Orders per second; 0 while draining is paused; `undefined` until the ops role has said. */
  capOrdersPerSecond(): number | undefined;
  /** Whether Redis has shown a catalogue: without one, an unknown sale may be a lost one. */
  known(): boolean;
  /** Reads again now, for a caller that has seen a claim refused because the board was old. */
  refresh(): Promise<void>;
}

/**
 * Keeps the catalogue, the backlog and the cap in memory by reading them every `intervalMs`, and tells the
 * cluster which catalogue version this gateway serves.
 */
export function createSaleBoard(deps: {
  claims: SaleClaims;
  gatewayId: string;
  intervalMs: number;
  clock: Clock;
  logger: Logger;
}): SaleBoard {
  let cluster: ClusterView | undefined;
  let sales = new Map<string, BoardSale>();
  let servedVersion = -1;
  let known = false;
  let failing = false;
  const stopping = new AbortController();
  let loop: Promise<void> | undefined;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    const view = await deps.claims.cluster();
    if (view === undefined) {
      known = false;
      return;
    }
    if (view.catalogVersion !== servedVersion) {
      const catalog = await deps.claims.catalog();
      if (catalog === undefined) {
        known = false;
        return;
      }
      sales = new Map(
        catalog.map((sale) => [sale.saleId, { ...sale, bySku: new Map(sale.items.map((i) => [i.sku, i])) }]),
      );
      servedVersion = view.catalogVersion;
    }
    cluster = view;
    known = true;
    await deps.claims.announceGateway(deps.gatewayId, servedVersion, 5_000);
  }

  /** Reads under way are shared: a crowd that finds the board old causes one read. */
  function refresh(): Promise<void> {
    reading ??= read()
      .then(() => {
        if (failing) deps.logger.info('the catalogue can be read again');
        failing = false;
      })
      .catch((error: unknown) => {
        if (!failing) deps.logger.warn({ err: error }, 'the catalogue cannot be read; serving the last one');
        failing = true;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  }

  return {
    sale: (saleId) => sales.get(saleId),
    sales: () => [...sales.values()],
    waiting: () => cluster?.waiting ?? 0,
    waitingBeside: (saleId) => (cluster ? cluster.waiting - (cluster.waitingBySale.get(saleId) ?? 0) : 0),
    capOrdersPerSecond: () => cluster?.capOrdersPerSecond,
    known: () => known,
    refresh,
    async start() {
      await refresh();
      loop = (async () => {
        while (!stopping.signal.aborted) {
          await deps.clock.sleep(deps.intervalMs, stopping.signal);
          if (!stopping.signal.aborted) await refresh();
        }
      })();
    },
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}
