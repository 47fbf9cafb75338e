import type { CatalogSale } from '../order/ports/claims.ts';

/** A sale as shoppers see it. */
export type SaleState = 'upcoming' | 'open' | 'closed' | 'rebuilding';

export function saleState(sale: CatalogSale, nowMs: number): SaleState {
  if (sale.state === 'rebuilding') return 'rebuilding';
  if (nowMs < sale.opensAtMs) return 'upcoming';
  return nowMs < sale.closesAtMs ? 'open' : 'closed';
}
