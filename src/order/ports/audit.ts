import type { SettledStatus, SettleReason } from '../states.ts';

/** A sale as the ledger lists it for an audit. */
export interface AuditSale {
  readonly saleId: string;
  readonly closesAtMs: number;
  readonly archived: boolean;
}

/** Stock and orders of one SKU in the ledger, in pieces and orders. */
export interface AuditStock {
  readonly saleId: string;
  readonly sku: string;
  /** `undefined` where the ledger has orders of a SKU that it does not list. */
  readonly stock: { readonly initial: number; readonly left: number } | undefined;
  readonly confirmedPieces: number;
  /** Of failed orders whose quantity can be one: their claims keep their stock. */
  readonly failedPieces: number;
  readonly confirmedOrders: number;
  readonly rejectedOrders: number;
  readonly failedOrders: number;
  readonly restocked: boolean;
}

/** A customer with more confirmed pieces than the limit. */
export interface OverLimit {
  readonly saleId: string;
  readonly sku: string;
  readonly customerId: string;
  readonly pieces: number;
  readonly customerLimit: number;
}

export interface AuditOrder {
  readonly transactionId: string;
  readonly fingerprint: string;
  readonly status: SettledStatus;
  readonly reason: SettleReason | undefined;
}

/** Orders with one `settled_at`. */
export interface SettledBatch {
  /** Microseconds since the epoch. */
  readonly atUs: number;
  readonly orders: number;
}

/** What happened in one tenth of a second. */
export interface TenthOfSecond {
  /** Tenths of a second since the epoch. */
  readonly tenth: number;
  readonly accepted: number;
  readonly settled: number;
  /** Microseconds of the second around it in which the database was at work on batches; `undefined`: not on record. */
  readonly busyUs: number | undefined;
}

/** The cap in force from a moment on. */
export interface CapChange {
  /** Microseconds since the epoch. */
  readonly fromUs: number;
  readonly ordersPerSecond: number;
  readonly paused: boolean;
}

/** A time span, microseconds since the epoch, both ends included. */
export interface Span {
  readonly fromUs: number;
  readonly toUs: number;
}

/**
 * The ledger at one moment: all reads see the same state. `saleId` restricts a read to one sale where it is given.
 *
 * All methods throw OrderError `ledger-unavailable`.
 */
export interface LedgerSnapshot {
  /** By sale ID. */
  sales(): Promise<AuditSale[]>;
  /** By sale and SKU. */
  stock(saleId: string | undefined): Promise<AuditStock[]>;
  /** Customers of limited SKUs, how many are over their limit, and the first `limit` of these. */
  limits(
    saleId: string | undefined,
    limit: number,
  ): Promise<{ readonly customers: number; readonly over: number; readonly first: readonly OverLimit[] }>;
  /** Whether (sale, transaction ID) is the valid primary key of the orders. */
  hasPrimaryKey(): Promise<boolean>;
  /** Transaction IDs with several rows, the first `limit`. Reads every order. */
  duplicates(
    saleId: string | undefined,
    limit: number,
  ): Promise<{ readonly saleId: string; readonly transactionId: string; readonly rows: number }[]>;
  /** All orders of a sale, a page at a time, in no particular order. */
  orders(saleId: string): AsyncIterable<readonly AuditOrder[]>;
  /** From the first to the last `settled_at`; `undefined` where there is no order. */
  settledSpan(saleId: string | undefined): Promise<Span | undefined>;
  /** Orders of all sales by `settled_at`, in its order. */
  batches(span: Span): AsyncIterable<readonly SettledBatch[]>;
  /** When the orders of all sales that settled within the span were accepted and settled, in order of time. */
  tenths(span: Span): AsyncIterable<readonly TenthOfSecond[]>;
  /** Every cap there was since it is recorded, in order of time. */
  capChanges(): Promise<CapChange[]>;
}

export interface LedgerAudit {
  /** Opens a snapshot as of now. There is one at a time: it ends the one before. */
  snapshot(): Promise<LedgerSnapshot>;
  /** Those of these orders that the ledger has, as they are now, outside of the snapshot; by transaction ID. */
  present(saleId: string, transactionIds: readonly string[]): Promise<ReadonlyMap<string, AuditOrder>>;
  close(): Promise<void>;
}

/** One sale in Redis at one moment. */
export interface ClaimsLook {
  readonly state: 'open' | 'rebuilding';
  readonly sequence: number;
  readonly settled: number;
  readonly items: readonly { readonly sku: string; readonly left: number; readonly claimed: number }[];
  /** Claims, settled ones included. */
  readonly claims: number;
  /** Claims that have not settled. */
  readonly pending: number;
  /** Those of `pending` that are younger than what was asked for. */
  readonly youngPending: number;
}

/** A claim as Redis holds it. */
export interface AuditClaim {
  readonly transactionId: string;
  readonly fingerprint: string;
  readonly sequence: number;
  readonly claimedAtMs: number;
  /** `undefined`: it has not settled. */
  readonly status: SettledStatus | undefined;
  readonly reason: SettleReason | undefined;
}

/** What an audit reads from Redis, vetted or not. All methods throw `claims-unavailable` or `claims-timeout`. */
export interface ClaimsAudit {
  /** The sales in the catalogue. */
  saleIds(): Promise<string[]>;
  /** `undefined` where Redis does not hold the sale. Claims younger than `youngMs` (Redis time) count as young. */
  look(saleId: string, youngMs: number): Promise<ClaimsLook | undefined>;
  /** One entry per transaction ID, `undefined` where there is no claim. */
  find(saleId: string, transactionIds: readonly string[]): Promise<(AuditClaim | undefined)[]>;
  /** All claims of a sale, a page at a time; one may come twice. */
  all(saleId: string): AsyncIterable<readonly AuditClaim[]>;
  /** The oldest claims that have not settled. */
  oldestPending(saleId: string, limit: number): Promise<AuditClaim[]>;
  close(): Promise<void>;
}
