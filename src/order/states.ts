/**
 * The life of an order as a shopper sees it.
 *
 * `pending` (claimed, the broker has not confirmed yet) → `accepted` (the broker has it) → settled, which is one
 * of `confirmed`, `rejected`, `failed`.
 */
export type OrderStatus = 'pending' | 'accepted' | SettledStatus;

export type SettledStatus = 'confirmed' | 'rejected' | 'failed';

/** Why the ledger did not confirm an order. */
export type SettleReason =
  /** The ledger's stock was gone although the claim had granted it: Redis was wrong. */
  | 'sold-out'
  /** The ledger counts more pieces for the customer than the claim did: Redis was wrong. */
  | 'customer-limit'
  /** The ledger does not know the sale or the SKU. */
  | 'unknown-sku'
  /** The order could not be written; its dead letter says why. */
  | 'dead-lettered'
  /** An operator purged the dead letter. */
  | 'purged';

/** The ledger's word on one order. */
export interface Settlement {
  readonly order: ClaimedOrderKey;
  readonly status: SettledStatus;
  readonly reason?: SettleReason;
  readonly settledAtMs: number;
  /** The order was settled by an earlier call already. */
  readonly repeated?: boolean;
}

/** What names an order everywhere. */
export interface ClaimedOrderKey {
  readonly saleId: string;
  readonly transactionId: string;
}
