import type { Claims, OrderView } from '../order/ports/claims.ts';
import type { LedgerReader } from '../order/ports/ledger.ts';
import { claimsLiveUntilMs } from '../order/sale.ts';
import type { Clock } from '../platform/clock.ts';
import { coalesce } from '../platform/coalesce.ts';
import { ledgerReply, type OrderReply, viewReply } from './order-reply.ts';
import type { SaleBoard } from './sale-board.ts';

export type StatusOutcome =
  | { readonly outcome: 'found'; readonly reply: OrderReply; readonly customerId: string }
  | { readonly outcome: 'unknown-order' }
  /** The ledger would have to be asked, and enough requests are asking it. */
  | { readonly outcome: 'busy' }
  /** Redis has lost the order or may have, and the ledger has not settled it: it may wait in the queue. */
  | { readonly outcome: 'not-known-yet' };

const readBatchOrders = 500;

/**
 * Reads the status of an order: from the claims while the sale lives there, coalesced; from the ledger only for
 * sales that Redis does not hold (archived, expired, lost), or whose claims are being rebuilt, at most
 * `maxLedgerReads` at a time.
 */
export function createStatusReader(deps: {
  claims: Pick<Claims, 'read'>;
  ledger: Pick<LedgerReader, 'find'>;
  board: SaleBoard;
  maxLedgerReads: number;
  clock: Pick<Clock, 'nowMs'>;
}) {
  const readers = new Map<string, (transactionId: string) => Promise<OrderView | undefined | null>>();
  let ledgerReads = 0;

  function readerOf(saleId: string) {
    let reader = readers.get(saleId);
    if (!reader) {
      for (const known of readers.keys()) if (!deps.board.sale(known)) readers.delete(known);
      reader = coalesce((ids: string[]) => deps.claims.read(saleId, ids), {
        maxBatch: readBatchOrders,
        maxConcurrent: 2,
      });
      readers.set(saleId, reader);
    }
    return reader;
  }

  async function fromLedger(saleId: string, transactionId: string): Promise<StatusOutcome> {
    if (ledgerReads >= deps.maxLedgerReads) return { outcome: 'busy' };
    ledgerReads += 1;
    try {
      const [found] = await deps.ledger.find(saleId, [transactionId]);
      if (!found) return { outcome: 'unknown-order' };
      return { outcome: 'found', reply: ledgerReply(found), customerId: found.order.customerId };
    } finally {
      ledgerReads -= 1;
    }
  }

  return {
    async one(saleId: string, transactionId: string): Promise<StatusOutcome> {
      const sale = deps.board.sale(saleId);
      if (sale) {
        const view = await readerOf(saleId)(transactionId);
        if (view) {
          return {
            outcome: 'found',
            reply: viewReply(view, deps.board),
            customerId: view.order.customerId,
          };
        }
        if (view === undefined) return { outcome: 'unknown-order' };
      }
      const outcome = await fromLedger(saleId, transactionId);
      const certain = sale ? deps.clock.nowMs() >= claimsLiveUntilMs(sale) : deps.board.known();
      return outcome.outcome === 'unknown-order' && !certain ? { outcome: 'not-known-yet' } : outcome;
    },
  };
}
export type StatusReader = ReturnType<typeof createStatusReader>;
