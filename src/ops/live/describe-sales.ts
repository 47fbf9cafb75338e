import type { LedgerSale } from '../../order/sale.ts';
import type { ClusterState } from '../cluster-watch.ts';

/** Sales as operators see them: those that are open first, then the next to open, then those that closed last. */
export function describeSales(state: ClusterState, nowMs: number) {
  const described = state.sales.map((sale) => {
    const counters = state.counters.get(sale.saleId);
    const inRedis = new Map(counters?.items.map((item) => [item.sku, item]));
    return {
      saleId: sale.saleId,
      opensAt: sale.opensAtMs,
      closesAt: sale.closesAtMs,
      phase: phaseOf(sale, nowMs),
      /** Orders claimed and not settled; `null` while Redis is away or does not hold the sale. */
      waiting: counters ? counters.sequence - counters.settled : null,
      claims: counters?.sequence ?? null,
      items: sale.items.map(({ sku, name, stock, stockLeft }) => ({
        sku,
        name,
        /** Pieces ever put on sale. */
        stock,
        /** Pieces nobody has claimed. */
        left: inRedis.get(sku)?.left ?? null,
        claimed: inRedis.get(sku)?.claimed ?? null,
        /** Pieces sold, from the ledger. */
        confirmed: stock - stockLeft,
        drift: state.drift.get(`${sale.saleId} ${sku}`) ?? null,
      })),
    };
  });
  return described.sort((a, b) => rank(a.phase) - rank(b.phase) || nearest(a, b));
}

type Phase = 'open' | 'upcoming' | 'closed';

function phaseOf({ opensAtMs, closesAtMs }: LedgerSale, nowMs: number): Phase {
  if (nowMs < opensAtMs) return 'upcoming';
  return nowMs < closesAtMs ? 'open' : 'closed';
}

function rank(phase: Phase): number {
  return ['open', 'upcoming', 'closed'].indexOf(phase);
}

type Times = { readonly phase: Phase; readonly opensAt: number; readonly closesAt: number };

function nearest(a: Times, b: Times): number {
  return a.phase === 'closed' ? b.closesAt - a.closesAt : a.opensAt - b.opensAt;
}
