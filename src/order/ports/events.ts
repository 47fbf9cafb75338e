import type { EventMessage, OrderEvent } from '../events.ts';

/** Tells the world what became of orders. */
export interface EventPublisher {
  /**
   * Resolves when the broker has confirmed the message, whether or not anybody is bound to receive it.
   *
   * @throws OrderError `queue-unavailable` (not sent) or `publish-unconfirmed` (it may have arrived).
   */
  publishEvents(message: EventMessage): Promise<void>;
}

/** Runs one SQL statement with `$1`, `$2`, … in the transaction at hand; what it resolves with is trusted. */
export type RunSql = <Row = Record<string, unknown>>(
  text: string,
  values?: readonly unknown[],
) => Promise<Row[]>;

/** What followers have done already, kept in the ledger's database. */
export interface FollowerLedger {
  /**
   * Remembers the events that `follower` has not handled yet and runs `effect` with those alone, in one
   * transaction: both happen, or neither. Two calls with the same event, in whatever process, wait for one another.
   * Resolves with the number of new events; with none, `effect` is not called. What `effect` throws is thrown on.
   *
   * @throws OrderError `ledger-unavailable`, or `batch-unwritable` where the values of a statement are at fault.
   */
  once(
    follower: string,
    events: readonly OrderEvent[],
    effect: (fresh: readonly OrderEvent[], sql: RunSql) => Promise<void>,
  ): Promise<number>;
  /** The events among these that `follower` has not handled. @throws OrderError `ledger-unavailable`. */
  unhandled(follower: string, events: readonly OrderEvent[]): Promise<readonly OrderEvent[]>;
  /** Remembers events as handled; those that are already change nothing. Throws as `unhandled`. */
  remember(follower: string, events: readonly OrderEvent[]): Promise<void>;
}
