export type QueueErrorCode =
  /** The broker does not answer on AMQP. */
  | 'broker-away'
  /** There is no queue of that name. */
  | 'no-such-queue'
  /** The management API does not answer. */
  | 'management-away'
  /** The management API answers, but refuses: credentials, permissions, an invalid policy. */
  | 'management-refused'
  /** A queue with one of our names exists and is of another kind. */
  | 'topology-conflict';

/** What operating the queues can fail with. Callers branch on `code`. */
export class QueueError extends Error {
  override readonly name = 'QueueError';
  readonly code: QueueErrorCode;

  constructor(code: QueueErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
