import type { ClusterState } from './cluster-watch.ts';

/** A cluster's state as operations read it. */
export function statusOf(state: ClusterState | undefined) {
  return {
    cap: state?.cap ?? null,
    waiting: state?.waiting ?? null,
    oldestAgeSeconds: state?.oldestAgeMs === undefined ? null : state.oldestAgeMs / 1_000,
    drainSeconds: finiteOrNull(state?.drainSeconds),
    queue: state?.depth ?? null,
    sales: (state?.sales ?? []).map((sale) => ({
      saleId: sale.saleId,
      opensAt: new Date(sale.opensAtMs).toISOString(),
      closesAt: new Date(sale.closesAtMs).toISOString(),
      items: sale.items.map(({ sku, stock, stockLeft }) => {
        const inRedis = state?.counters.get(sale.saleId)?.items.find((item) => item.sku === sku);
        return { sku, stock, stockLeft, toClaim: inRedis?.left ?? null, claimed: inRedis?.claimed ?? null };
      }),
    })),
  };
}

function finiteOrNull(seconds: number | undefined): number | null {
  return seconds !== undefined && Number.isFinite(seconds) ? seconds : null;
}
