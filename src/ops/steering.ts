import type { Ledger, LedgerOperations } from '../order/ports/ledger.ts';
import type { Actor, Trail } from '../order/ports/trail.ts';
import type { Sale } from '../order/sale.ts';
import type { Logger } from '../platform/logger.ts';
import type { DeadLetterOperations, HandledLetters, LetterChoice } from './dead-letters.ts';
import { createRecorder } from './recorder.ts';
import type { SaleWindow } from './sale-window.ts';
import type { SaleOperations } from './sales.ts';

/**
 * All that operators can change, for the page, the admin API and the command alike: each change stands in the
 * audit trail under the name of its actor. Errors are those of what is changed.
 */
export function createSteering(deps: {
  ledger: Pick<LedgerOperations, 'setCap' | 'setPaused'> & Pick<Ledger, 'readCap'>;
  sales: SaleOperations;
  saleWindow: SaleWindow;
  deadLetters: Pick<DeadLetterOperations, 'redrive' | 'purge'>;
  trail: Pick<Trail, 'beginEntry' | 'endEntry'>;
  logger: Logger;
}) {
  const { ledger, sales, saleWindow, deadLetters } = deps;
  const recorder = createRecorder(deps);

  return (actor: Actor) => {
    const record = recorder(actor);
    return {
      async setCap(ordersPerSecond: number, reason = 'configured') {
        // Not a number in JSON is null: the trail should say what was asked for.
        const details = { ordersPerSecond: Number.isFinite(ordersPerSecond) ? ordersPerSecond : 'NaN' };
        let before = 0;
        return record(
          'cap',
          details,
          async () => {
            before = (await ledger.readCap()).ordersPerSecond;
            return ledger.setCap(ordersPerSecond, reason);
          },
          (cap) => `the cap is ${cap.ordersPerSecond} orders/s, it was ${before}`,
        );
      },
      async setPaused(paused: boolean) {
        return record(
          paused ? 'pause' : 'resume',
          {},
          () => ledger.setPaused(paused),
          (cap) =>
            paused
              ? 'draining is paused; orders are still accepted'
              : `draining goes on at ${cap.ordersPerSecond} orders/s`,
        );
      },
      async applySale(sale: Sale) {
        const { saleId } = sale;
        return record(
          'sale apply',
          { saleId, opensAt: iso(sale.opensAtMs), closesAt: iso(sale.closesAtMs), skus: sale.items.length },
          () => sales.apply(sale),
          ({ created, rebuilding }) =>
            `${created ? 'created' : 'updated'} ${saleId}${rebuilding ? '; its claims are rebuilt first' : ''}`,
        );
      },
      async openSale(saleId: string, closesAtMs?: number) {
        return record(
          'sale open',
          { saleId, ...(closesAtMs === undefined ? {} : { closesAt: iso(closesAtMs) }) },
          () => saleWindow.open(saleId, closesAtMs),
          (sale) => `${saleId} is open until ${iso(sale.closesAtMs)}`,
        );
      },
      async closeSale(saleId: string) {
        return record(
          'sale close',
          { saleId },
          () => saleWindow.close(saleId),
          () => `${saleId} is closed; what was accepted is still drained`,
        );
      },
      async restock(saleId: string, restockId: string, sku: string, pieces: number) {
        return record(
          'restock',
          { saleId, sku, pieces, restockId },
          () => sales.restock(saleId, restockId, sku, pieces),
          (done) => (done ? `${pieces} pieces more of ${sku}` : `nothing: ${restockId} was added before`),
        );
      },
      async archiveSale(saleId: string, options: { fromLedger: boolean; force: boolean }) {
        return record(
          'sale archive',
          { saleId, ...options },
          () => sales.archive(saleId, options),
          ({ orders }) =>
            options.fromLedger ? `${saleId} and its ${orders} orders are deleted` : `${saleId} is archived`,
        );
      },
      async redrive(choice: LetterChoice) {
        return record('redrive', { ...choice }, () => deadLetters.redrive(choice), sayHandled);
      },
      async purge(choice: LetterChoice) {
        return record('purge', { ...choice }, () => deadLetters.purge(choice), sayHandled);
      },
    };
  };
}
export type Steering = ReturnType<typeof createSteering>;

/** What became of dead letters, in one sentence. */
function sayHandled({ letters, unknownIds }: HandledLetters): string {
  const parts: string[] = [];
  for (const outcome of ['confirmed', 'purged', 'removed', 'kept'] as const) {
    const handled = letters.filter((letter) => letter.outcome === outcome).length;
    if (handled > 0) parts.push(`${handled} ${outcome}`);
  }
  if (unknownIds.length > 0) parts.push(`${unknownIds.length} not there any more`);
  const why = letters.length === 1 && letters[0]?.because ? `: ${letters[0].because}` : '';
  return `${parts.join(', ') || 'there was no such letter'}${why}`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
