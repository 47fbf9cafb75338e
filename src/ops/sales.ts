import { orderError } from '../order/errors.ts';
import type { ClaimsRecovery, SaleClaims } from '../order/ports/claims.ts';
import type { LedgerOperations, LedgerReader } from '../order/ports/ledger.ts';
import type { LedgerSale, Sale } from '../order/sale.ts';
import type { Clock } from '../platform/clock.ts';
import { knownSale } from './known-sale.ts';

export interface AppliedSale {
  readonly created: boolean;
  /** The claims are being rebuilt first (a limit was added, or Redis had lost the sale). */
  readonly rebuilding: boolean;
  /** Gateways that serve the sale now. */
  readonly gateways: number;
}

/** Polling interval and patience while gateways take a change up; a gateway reads every 200 ms. */
const pollMs = 50;
const patienceMs = 10_000;

/** What can be done to a sale: in the ledger first, then in the claims, then wait for the gateways. */
export function createSaleOperations(deps: {
  ledger: LedgerOperations & LedgerReader;
  claims: SaleClaims & ClaimsRecovery;
  clock: Clock;
}) {
  const { ledger, claims, clock } = deps;

  /** @throws OrderError `claims-unavailable` when a gateway that is alive has not taken it up in time. */
  async function untilServed(version: number): Promise<number> {
    const endsAtMs = clock.monotonicMs() + patienceMs;
    for (;;) {
      const gateways = await claims.gateways();
      const behind = [...gateways].filter(([, serves]) => serves < version);
      if (behind.length === 0) return gateways.size;
      if (clock.monotonicMs() > endsAtMs) {
        const names = behind.map(([id]) => id).join(', ');
        throw orderError('claims-unavailable', `these gateways do not serve the sale yet: ${names}`);
      }
      await clock.sleep(pollMs);
    }
  }

  async function catalogVersion(): Promise<number> {
    return (await claims.cluster())?.catalogVersion ?? 0;
  }

  /**
   * Closes a sale for a rebuild where Redis has lost it, or the ledger has raised its epoch. Resolves with whether it
   * did. It goes by what both hold now: what an earlier call left half done is done by the next.
   */
  async function closeIfBehind(sale: LedgerSale): Promise<boolean> {
    const { saleId } = sale;
    const served = (await claims.catalog())?.find((one) => one.saleId === saleId);
    if (served && served.epoch < sale.epoch) {
      await claims.beginRebuild(sale, sale.epoch);
      return true;
    }
    const lost = sale.highestSequence > 0 && (await claims.counters(saleId)) === undefined;
    if (lost) await claims.beginRebuild(sale, await ledger.raiseEpoch(saleId));
    return lost;
  }

  return {
    /**
     * Creates or updates a sale, and resolves when every gateway serves it. Can be repeated after any failure.
     *
     * @throws OrderError `sale-change-refused` naming what may not change.
     */
    async apply(wanted: Sale): Promise<AppliedSale> {
      const { created, sale } = await ledger.applySale(wanted);
      const rebuilding = await closeIfBehind(sale);
      const version = rebuilding ? await catalogVersion() : await claims.putSale(sale, sale.epoch);
      return { created, rebuilding, gateways: await untilServed(version) };
    },

    /** Adds pieces, once per restock ID: to the ledger, then to the claims. */
    async restock(saleId: string, restockId: string, sku: string, pieces: number): Promise<boolean> {
      const inLedger = await ledger.restock(saleId, restockId, sku, pieces);
      const item = (await ledger.sale(saleId))?.items.find((one) => one.sku === sku);
      const inClaims = item !== undefined && (await claims.raiseStock(saleId, sku, item.stock));
      return inLedger || inClaims;
    },

    /**
     * Takes a sale out of Redis, and with `fromLedger` out of Postgres too.
     *
     * @throws OrderError `sale-change-refused` while it is open, or orders of it are waiting; `unknown-sale`.
     */
    async archive(
      saleId: string,
      options: { fromLedger: boolean; force: boolean },
    ): Promise<{ orders: number }> {
      const sale = await knownSale(ledger, saleId);
      const counters = await claims.counters(saleId);
      const waiting = counters ? counters.sequence - counters.settled : 0;
      if (waiting > 0) {
        throw orderError('sale-change-refused', `${waiting} orders of ${saleId} are not settled yet`);
      }
      if (clock.nowMs() < sale.closesAtMs && !options.force) {
        throw orderError(
          'sale-change-refused',
          `${saleId} is open until ${new Date(sale.closesAtMs).toISOString()}: close it first, or use --force`,
        );
      }
      await ledger.archiveSale(saleId);
      await claims.removeSale(saleId);
      await untilServed(await catalogVersion());
      return options.fromLedger ? ledger.removeSale(saleId) : { orders: 0 };
    },
  };
}
export type SaleOperations = ReturnType<typeof createSaleOperations>;
