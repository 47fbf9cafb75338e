import type { ClaimedOrder } from '../order.ts';
import type { LedgerSale, Sale } from '../sale.ts';
import type { SettledStatus, Settlement, SettleReason } from '../states.ts';

/** The cap on what all drainers of a cluster write together. */
export interface Cap {
  /** 1 to 1,000,000. */
  readonly ordersPerSecond: number;
  readonly paused: boolean;
  /** Why it is what it is: `configured`, or what lowered it. */
  readonly reason: string;
  /**
   * Orders that may be written at one moment: 50 ms of the cap, at least 1, at most `BATCH_MAX_ORDERS`. A batch
   * is at most this large; a drainer aims at half of it, and the other half is credit for waking up late.
   */
  readonly burstOrders: number;
}

export type BatchOutcome =
  /** Written: one settlement per order, in order of the batch. As large a batch may come after `nextInMs`. */
  | {
      readonly outcome: 'written';
      readonly settlements: readonly Settlement[];
      readonly nextInMs: number;
      readonly cap: Cap;
    }
  /** The cap is used up: nothing was written, try again after `waitMs`. */
  | { readonly outcome: 'wait'; readonly waitMs: number; readonly cap: Cap }
  /** The batch holds more new orders than the cap's burst allows: make it smaller. */
  | { readonly outcome: 'too-large'; readonly cap: Cap }
  | { readonly outcome: 'paused'; readonly cap: Cap };

/** The hot path of the ledger stage. */
export interface Ledger {
  /**
   * Writes a batch under the cap, in one call and one transaction. Orders that are there already, and twins,
   * get the settlement that stands and count nothing against the cap. Repeatable after any failure.
   *
   * @throws OrderError `ledger-unavailable` (retry: away, deadlock, timeout) or `batch-unwritable` (bisect).
   */
  settleBatch(orders: readonly ClaimedOrder[]): Promise<BatchOutcome>;
  /** Writes an order as `failed`, without touching stock; no-op where the order is settled already. */
  recordFailed(order: ClaimedOrder, reason: SettleReason): Promise<Settlement>;
  readCap(): Promise<Cap>;
}

/** A settled order. */
export interface LedgerOrder {
  readonly order: ClaimedOrder;
  readonly status: SettledStatus;
  readonly reason?: SettleReason;
  readonly settledAtMs: number;
}

/** What status, operations and the reconciler ask the ledger. */
export interface LedgerReader {
  /** The settled orders among these, in no particular order. */
  find(saleId: string, transactionIds: readonly string[]): Promise<LedgerOrder[]>;
  sale(saleId: string): Promise<LedgerSale | undefined>;
  sales(): Promise<LedgerSale[]>;
  /** Those that are not archived. */
  liveSales(): Promise<LedgerSale[]>;
  /** All settled orders of a sale in pages, by transaction ID. */
  orders(saleId: string, pageOrders: number): AsyncIterable<LedgerOrder[]>;
}

/** What came of trying a failed order once more. All but `settled` left the failed order as it is. */
export type RedriveOutcome =
  /** Confirmed now (not `repeated`), or settled for good before: confirmed, rejected or purged. */
  | { readonly outcome: 'settled'; readonly settlement: Settlement }
  | { readonly outcome: 'refused'; readonly reason: 'sold-out' | 'customer-limit' | 'unknown-sku' }
  /** The failed order of this transaction ID asks for something else. */
  | { readonly outcome: 'differs' }
  /** Draining is paused. */
  | { readonly outcome: 'paused' };

/** What operators do to failed orders. Both wait for their turn under the cap, and are repeatable. */
export interface LedgerRedrive {
  /**
   * Confirms a failed order if stock and customer limit allow it, with the time of now.
   *
   * @throws OrderError `ledger-unavailable`, or `batch-unwritable`: it still can't be written.
   */
  redrive(order: ClaimedOrder): Promise<RedriveOutcome>;
  /**
   * Gives a failed order up: its reason becomes `purged`, and it is written as such where it is absent, during a
   * pause too. Resolves with the settlement that stands, which is another one where the order was settled
   * otherwise.
   *
   * @throws OrderError `ledger-unavailable`, or `batch-unwritable`: the ledger can't hold such an order at all.
   */
  purge(order: ClaimedOrder): Promise<Settlement>;
}

export interface LedgerOperations {
  /**
   * Creates the sale or updates what may change (times, names, prices, limits, new SKUs). Raises the sale's epoch
   * where a SKU that had no limit gets one: the claims have not counted what its customers bought.
   *
   * @throws OrderError `sale-change-refused`, naming each change that its rules forbid (another stock for a SKU
   *   that exists, a SKU that is missing).
   */
  applySale(sale: Sale): Promise<{ readonly created: boolean; readonly sale: LedgerSale }>;
  /** Adds pieces to both stocks once per restock ID; resolves with whether this call did it. */
  restock(saleId: string, restockId: string, sku: string, pieces: number): Promise<boolean>;
  raiseEpoch(saleId: string): Promise<number>;
  /** Notes that the sale is not in Redis any more. Applying it again brings it back. */
  archiveSale(saleId: string): Promise<void>;
  /** Deletes the sale and its orders for good. */
  removeSale(saleId: string): Promise<{ readonly orders: number }>;
  setCap(ordersPerSecond: number, reason: string): Promise<Cap>;
  setPaused(paused: boolean): Promise<Cap>;
  /** Runs `work` while holding the cluster-wide advisory lock `name`; resolves `undefined` where another has it. */
  exclusively<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>;
}
