import type { ClaimedOrder, Order } from '../order.ts';
import type { LedgerItem, StockedSale } from '../sale.ts';
import type { OrderStatus, SettledStatus, Settlement, SettleReason } from '../states.ts';

/** The answer to one claim. Everything but `claimed` left no trace. */
export type ClaimOutcome =
  | { readonly outcome: 'claimed'; readonly order: ClaimedOrder; readonly position: number }
  /** Known already, with the same fingerprint. */
  | { readonly outcome: 'replayed'; readonly view: OrderView }
  | { readonly outcome: 'transaction-id-reused' }
  | { readonly outcome: 'sold-out' }
  | { readonly outcome: 'customer-limit' }
  | { readonly outcome: 'sale-not-open'; readonly opensInMs: number }
  | { readonly outcome: 'sale-closed' }
  | { readonly outcome: 'unknown-sku' }
  /** The sale is missing from Redis, is being rebuilt, or its epoch is not the one the caller has seen. */
  | { readonly outcome: 'sale-unavailable' };

/** What came of holding a failed order's pieces. All but `held` wrote nothing. */
export type HoldOutcome =
  | 'held'
  /** A claim of this order is there, in whatever state. */
  | 'held-before'
  /** The claims do not hold the sale, or it is being rebuilt. */
  | 'sale-unavailable'
  /** The claim under this transaction ID asks for something else. */
  | 'another-order'
  | 'customer-limit'
  | 'sold-out'
  /** No gateway takes such an order: an ID or number out of its range. */
  | 'not-an-order';

/** An order as the claims know it. */
export interface OrderView {
  readonly order: ClaimedOrder;
  readonly status: OrderStatus;
  readonly reason?: SettleReason;
  readonly settledAtMs?: number;
  /** The claim's sequence less what has settled in its sale, at least 1, never growing; absent once settled. */
  readonly position?: number;
}

/** The hot path of the claim stage. */
export interface Claims {
  /**
   * Claims for all orders in one atomic step, in their order. The result has one outcome per order.
   * Twins within the batch are one claim and a replay.
   *
   * @throws OrderError `claims-unavailable` (nothing was sent) or `claims-timeout` (it may have been written).
   */
  claim(saleId: string, epoch: number, orders: readonly Order[]): Promise<ClaimOutcome[]>;
  /**
   * Notes that the broker has confirmed these orders. Returns at once: the note travels with the next claim of
   * the sale, or a few milliseconds later where none comes. A note that is lost costs a republish, no more.
   */
  accept(saleId: string, transactionIds: readonly string[]): void;
  /**
   * One view per transaction ID; `undefined` where the claims don't know it, `null` where they don't and can't
   * say, because Redis does not hold the sale or it is being rebuilt. Errors as for `claim`.
   */
  read(saleId: string, transactionIds: readonly string[]): Promise<(OrderView | undefined | null)[]>;
  /**
   * Moves claims of one sale to their settled state and out of the pending index. Counters move only on a
   * transition, so a repeat changes nothing; a claim that Redis has forgotten is left alone. Resolves with the
   * orders that moved now. Works while memory is full.
   */
  settle(saleId: string, settlements: readonly Settlement[]): Promise<{ moved: number; unknown: number }>;
  /**
   * Gives a failed order the claim that it lacks, with its pieces, so that its shopper can ask for it and a redrive
   * sells what nobody else has claimed. Repeatable. Errors as for `claim`.
   */
  holdFailed(failed: SettledClaim): Promise<HoldOutcome>;
  /** Whether a claim would be tried now: connected, vetted, not in the pause after a timeout. */
  available(): boolean;
}

/** A sale as every gateway serves it. */
export interface CatalogSale {
  readonly saleId: string;
  readonly opensAtMs: number;
  readonly closesAtMs: number;
  /** Rises by one with each rebuild. */
  readonly epoch: number;
  /** `rebuilding` refuses every claim. */
  readonly state: 'open' | 'rebuilding';
  readonly items: readonly CatalogItem[];
}

export interface CatalogItem {
  readonly sku: string;
  readonly name: string;
  readonly priceMinor: number;
  readonly customerLimit?: number;
}

/** Counters of one sale in Redis. */
export interface SaleCounters {
  /** Claims so far: the highest sequence given. */
  readonly sequence: number;
  /** Claims that have settled. */
  readonly settled: number;
  readonly items: readonly ItemCounters[];
}

export interface ItemCounters {
  readonly sku: string;
  /** Pieces left to claim. */
  readonly left: number;
  /** Pieces held by claims that are neither confirmed nor rejected. */
  readonly claimed: number;
  /** Pieces ever put on sale that `left` accounts for. */
  readonly initial: number;
}

/** What every process reads a few times a second. */
export interface ClusterView {
  /** Rises with every change to any sale. */
  readonly catalogVersion: number;
  /** Orders claimed and not settled, over all sales. */
  readonly waiting: number;
  /** Waiting orders by sale. */
  readonly waitingBySale: ReadonlyMap<string, number>;
  /** Orders per second that are drained now: 0 while paused; `undefined` until the ops role has said. */
  readonly capOrdersPerSecond: number | undefined;
}

/** A claim that has not settled. */
export interface PendingClaim {
  readonly order: ClaimedOrder;
  /** Whether a broker's confirm is on record. */
  readonly accepted: boolean;
}

/** A settled order put back into the claims by a rebuild. */
export interface SettledClaim {
  readonly order: ClaimedOrder;
  readonly status: SettledStatus;
  readonly reason?: SettleReason;
  readonly settledAtMs: number;
}

/** What operations, the reconciler and the sync of every process use. Same errors as {@link Claims}. */
export interface SaleClaims {
  /** `undefined` where Redis holds no catalogue: it is empty, or was wiped. */
  cluster(): Promise<ClusterView | undefined>;
  catalog(): Promise<CatalogSale[] | undefined>;
  counters(saleId: string): Promise<SaleCounters | undefined>;
  /**
   * Creates or updates a sale: times, names, prices and limits are replaced, stock is set for SKUs that Redis
   * does not hold yet and raised, as by `raiseStock`, for those it does. Raises the catalogue version. Resolves
   * with it.
   */
  putSale(sale: StockedSale, epoch: number): Promise<number>;
  /**
   * Adds to the stock what it lacks of the pieces ever put on sale (restocks included, as the ledger counts them),
   * so that it can be repeated and comes to the same in any order. Resolves with whether something was added:
   * nothing is while the sale is being rebuilt, or where Redis does not hold it.
   */
  raiseStock(saleId: string, sku: string, pieces: number): Promise<boolean>;
  /** Removes all of a sale's keys and its catalogue entry. */
  removeSale(saleId: string): Promise<void>;
  /** Tells the cluster the cap in force (0: paused), for waiting times. */
  announceCap(ordersPerSecond: number): Promise<void>;
  /** A gateway says which catalogue version it serves; forgotten after `ttlMs`. */
  announceGateway(gatewayId: string, catalogVersion: number, ttlMs: number): Promise<void>;
  /** The catalogue version of each gateway that has spoken lately. */
  gateways(): Promise<ReadonlyMap<string, number>>;
  /** Any process says how it is, in text of its own; forgotten after `ttlMs`. */
  announceProcess(processId: string, report: string, ttlMs: number): Promise<void>;
  /** The last report of each process that has spoken lately, and when it will be forgotten (Redis time). */
  processes(): Promise<ReadonlyMap<string, { readonly report: string; readonly forgottenInMs: number }>>;
  /** Up to `limit` claims without a confirm on record, claimed before `beforeMs` (Redis time), oldest first. */
  unconfirmed(saleId: string, beforeMs: number, limit: number): Promise<PendingClaim[]>;
  /** Up to `limit` claims that have not settled, claimed before `beforeMs` (Redis time), oldest first. */
  pending(saleId: string, beforeMs: number, limit: number): Promise<PendingClaim[]>;
  /** Redis time, milliseconds since the epoch. */
  nowMs(): Promise<number>;
}

/** Bringing the claims back after a restart or a loss of Redis. Used by the ops role only. */
export interface ClaimsRecovery {
  /** The `run_id` of the server we are connected to, and the one that was last vetted. */
  runIds(): Promise<{ readonly current: string; readonly vetted: string | undefined }>;
  /** Lets every process use this server again. */
  vet(runId: string): Promise<void>;
  /**
   * Orders that the ledger confirmed while the sale was open, and whose claims were not there to be settled: this
   * Redis has forgotten claims, as one does that was restored to an older copy.
   */
  lostClaims(saleId: string): Promise<number>;
  /** Closes a sale for claims (`rebuilding`), creating its keys where they are missing. */
  beginRebuild(sale: StockedSale, epoch: number): Promise<void>;
  /** Whether any claim of the sale has not settled. */
  hasPending(saleId: string): Promise<boolean>;
  /** Drops what Redis holds of a sale that is rebuilding: claims, pending index, customers, stock. */
  clearSale(saleId: string): Promise<void>;
  /**
   * Puts settled orders back: their claims, for confirmed and failed ones their customer's pieces, and the pieces
   * that failed ones hold until they are redriven or purged.
   */
  loadSettled(saleId: string, orders: readonly SettledClaim[]): Promise<void>;
  /** Sets stock (the ledger's, less what failed orders hold), sequence and epoch, and opens the sale. */
  finishRebuild(
    saleId: string,
    state: {
      readonly epoch: number;
      readonly sequence: number;
      readonly items: readonly Pick<LedgerItem, 'sku' | 'stock' | 'stockLeft'>[];
    },
  ): Promise<void>;
}
