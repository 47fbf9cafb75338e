import { isOrderError } from '../order/errors.ts';
import type { SaleClaims, SaleCounters } from '../order/ports/claims.ts';
import type { Clock } from '../platform/clock.ts';
import type { SaleBoard } from './sale-board.ts';

/** Figures this old at most are shown again rather than read again. */
const freshMs = 250;

/** Pieces of a sale that can still be claimed, by SKU; empty while Redis can't say. */
export type ReadStock = (saleId: string) => Promise<ReadonlyMap<string, number>>;

/** A crowd that looks at a sale costs one read per sale and 250 ms. */
export function createStockFigures(deps: {
  board: Pick<SaleBoard, 'sale'>;
  claims: Pick<SaleClaims, 'counters'>;
  clock: Pick<Clock, 'nowMs'>;
}): ReadStock {
  const known = new Map<string, { readAtMs: number; counters: Promise<SaleCounters | undefined> }>();

  function countersOf(saleId: string): Promise<SaleCounters | undefined> {
    const nowMs = deps.clock.nowMs();
    const last = known.get(saleId);
    if (last && nowMs - last.readAtMs < freshMs) return last.counters;
    for (const id of known.keys()) if (!deps.board.sale(id)) known.delete(id);
    const counters = deps.claims.counters(saleId);
    known.set(saleId, { readAtMs: nowMs, counters });
    return counters;
  }

  return async (saleId) => {
    const counters = await countersOf(saleId).catch((error: unknown) => {
      // Without Redis a sale can still be described; only its stock can't.
      if (isOrderError(error)) return undefined;
      throw error;
    });
    return new Map(counters?.items.map((item) => [item.sku, item.left]));
  };
}
