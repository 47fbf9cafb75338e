/** What a shopper asks for. The transaction ID is unique within a sale. */
export interface Order {
  readonly transactionId: string;
  readonly sku: string;
  /** Pieces, 1 to 1,000. */
  readonly quantity: number;
  readonly customerId: string;
  /** W3C Trace Context of the request that placed it, where it had one; no part of what the order asks for. */
  readonly traceparent?: string;
}

/** An order that holds stock: what travels from the claim to the ledger. */
export interface ClaimedOrder extends Order {
  readonly saleId: string;
  /** Place in the sale's line, counted from 1 in order of claim. */
  readonly sequence: number;
  /** Redis time of the claim, milliseconds since the epoch. */
  readonly claimedAtMs: number;
}

/** The ranges that intake enforces and every later stage may rely on. */
export const orderLimits = {
  saleIdPattern: '^[A-Za-z0-9._-]{1,64}$',
  skuPattern: '^[A-Za-z0-9._-]{1,64}$',
  transactionIdPattern: '^[A-Za-z0-9_-]{8,64}$',
  customerIdPattern: '^[!-~]{1,128}$',
  quantityMin: 1,
  quantityMax: 1_000,
} as const;

/**
 * The canonical form of what an order asks for: two orders with the same transaction ID are the same order
 * exactly when their fingerprints are equal. No field can contain a space, so the form is unambiguous; it is
 * the text itself rather than a hash of it, so that a claim can be answered, republished and compared from one
 * field and no two different orders can collide.
 */
export function fingerprint(order: Order): string {
  return `${order.sku} ${order.quantity} ${order.customerId}`;
}

/** The inverse of {@link fingerprint}. */
export function parseFingerprint(text: string): Pick<Order, 'sku' | 'quantity' | 'customerId'> {
  const first = text.indexOf(' ');
  const second = text.indexOf(' ', first + 1);
  if (first < 1 || second < 0) throw new TypeError(`not a fingerprint: ${JSON.stringify(text)}`);
  return {
    sku: text.slice(0, first),
    quantity: Number(text.slice(first + 1, second)),
    customerId: text.slice(second + 1),
  };
}
