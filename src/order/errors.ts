/** What follows from an error: try the same again, isolate the order, or refuse the request. */
export type Disposition = 'retry' | 'dead-letter' | 'reject';

export type OrderErrorCode =
  /** A message that is not an envelope of a known version. */
  | 'envelope-unreadable'
  /** The ledger can't write this batch whatever one does; bisecting finds the order. */
  | 'batch-unwritable'
  /** The ledger is away, busy or was interrupted: the same batch again, later. */
  | 'ledger-unavailable'
  /** The claim store is away, not ready, or not vetted after a restart; nothing was written. */
  | 'claims-unavailable'
  /** The claim store did not answer in time; it may have written. */
  | 'claims-timeout'
  /** The broker is away, blocked, or its breaker is open; nothing was published. */
  | 'queue-unavailable'
  /** Published, but nacked, returned, or not confirmed in time; it may be in the queue. */
  | 'publish-unconfirmed'
  /** The sale does not exist. */
  | 'unknown-sale'
  /** A change to a sale that its rules forbid. */
  | 'sale-change-refused';

const dispositions: Record<OrderErrorCode, Disposition> = {
  'envelope-unreadable': 'dead-letter',
  'batch-unwritable': 'dead-letter',
  'ledger-unavailable': 'retry',
  'claims-unavailable': 'retry',
  'claims-timeout': 'retry',
  'queue-unavailable': 'retry',
  'publish-unconfirmed': 'retry',
  'unknown-sale': 'reject',
  'sale-change-refused': 'reject',
};

/** An expected failure between stages. Callers branch on `code` or `disposition`, never on the message. */
export class OrderError extends Error {
  override readonly name = 'OrderError';
  readonly code: OrderErrorCode;
  readonly disposition: Disposition;

  constructor(code: OrderErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.disposition = dispositions[code];
  }
}

export function orderError(code: OrderErrorCode, message: string, options?: { cause?: unknown }): OrderError {
  return new OrderError(code, message, options);
}

export function isOrderError(error: unknown, code?: OrderErrorCode): error is OrderError {
  return error instanceof OrderError && (code === undefined || error.code === code);
}
