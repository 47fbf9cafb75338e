import type { Claims, OrderView } from '../order/ports/claims.ts';
import type { LedgerReader } from '../order/ports/ledger.ts';
import { coalesce } from '../platform/coalesce.ts';
import { ledgerReply, type OrderReply, viewReply } from './order-reply.ts';
import type { SaleBoard } from './sale-board.ts';

export type StatusOutcome =
  | { readonly outcome: 'found'; readonly reply: OrderReply }
  | { readonly outcome: 'unknown-order' }
  /** The ledger would have to be asked, and enough requests are asking it. */
  | { readonly outcome: 'busy' };

const readBatchOrders = 500;

/**
 * Reads the status of an order: from the claims while the sale lives there, coalesced; from the ledger only for
 * sales that Redis no longer holds, at most `maxLedgerReads` at a time.
 */
export function createStatusReader(deps: {
  claims: Pick<Claims, 'read'>;
  ledger: Pick<LedgerReader, 'find'>;
  board: SaleBoard;
  maxLedgerReads: number;
}) {
  const readers = new Map<string, (transactionId: string) => Promise<OrderView | undefined>>();
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
      return found ? { outcome: 'found', reply: ledgerReply(found) } : { outcome: 'unknown-order' };
    } finally {
      ledgerReads -= 1;
    }
  }

  return {
    async one(saleId: string, transactionId: string): Promise<StatusOutcome> {
      if (!deps.board.sale(saleId)) return fromLedger(saleId, transactionId);
      const view = await readerOf(saleId)(transactionId);
      return view ? { outcome: 'found', reply: viewReply(view, deps.board) } : { outcome: 'unknown-order' };
    },
  };
}
export type StatusReader = ReturnType<typeof createStatusReader>;
