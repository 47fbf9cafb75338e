import { orderError } from '../order/errors.ts';
import type { LedgerReader } from '../order/ports/ledger.ts';
import type { LedgerSale } from '../order/sale.ts';
import type { Clock } from '../platform/clock.ts';
import type { SaleOperations } from './sales.ts';

/** Opening and closing a sale by hand: its times are changed, and every gateway has heard of it on return. */
export function createSaleWindow(deps: {
  ledger: Pick<LedgerReader, 'sale'>;
  sales: Pick<SaleOperations, 'apply'>;
  clock: Pick<Clock, 'nowMs'>;
}) {
  const { ledger, sales, clock } = deps;

  async function liveSale(saleId: string): Promise<LedgerSale> {
    const sale = await ledger.sale(saleId);
    if (!sale) throw orderError('unknown-sale', `there is no sale ${saleId}`);
    if (sale.archived) throw refused(`${saleId} is archived: apply its file again to bring it back`);
    return sale;
  }

  return {
    /**
     * Opens a sale now, until `closesAtMs` or the close that it has.
     *
     * @throws OrderError `unknown-sale`; `sale-change-refused` where it is open already and keeps its close, or no
     *   close lies ahead.
     */
    async open(saleId: string, closesAtMs?: number): Promise<LedgerSale> {
      const sale = await liveSale(saleId);
      const nowMs = clock.nowMs();
      const until = closesAtMs ?? sale.closesAtMs;
      if (until <= nowMs) {
        throw refused(
          closesAtMs === undefined
            ? `${saleId} closed at ${iso(sale.closesAtMs)}: say until when it should be open`
            : `${iso(closesAtMs)} has passed: a sale can only close later than now`,
        );
      }
      if (sale.opensAtMs <= nowMs && nowMs < sale.closesAtMs && until === sale.closesAtMs) {
        throw refused(`${saleId} is open already, until ${iso(sale.closesAtMs)}`);
      }
      const opened = { ...sale, opensAtMs: Math.min(sale.opensAtMs, nowMs), closesAtMs: until };
      await sales.apply(opened);
      return opened;
    },

    /**
     * Closes a sale now. What was accepted is still drained.
     *
     * @throws OrderError `unknown-sale`; `sale-change-refused` where it is not open.
     */
    async close(saleId: string): Promise<LedgerSale> {
      const sale = await liveSale(saleId);
      const nowMs = clock.nowMs();
      if (sale.closesAtMs <= nowMs) throw refused(`${saleId} is closed since ${iso(sale.closesAtMs)}`);
      if (sale.opensAtMs >= nowMs)
        throw refused(`${saleId} is not open yet: it opens at ${iso(sale.opensAtMs)}`);
      const closed = { ...sale, closesAtMs: nowMs };
      await sales.apply(closed);
      return closed;
    },
  };
}
export type SaleWindow = ReturnType<typeof createSaleWindow>;

function refused(why: string): Error {
  return orderError('sale-change-refused', why);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
