import type { EventMessage, OrderEvent } from '../events.ts';
import type { LetterBox, MessageConsumer } from './queue.ts';

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
  /**
   * Runs `effect` in one transaction, and resolves with what it resolves with. What it throws is thrown on; else
   * throws as `once`.
   */
  write<T>(effect: (sql: RunSql) => Promise<T>): Promise<T>;
  /**
   * The events among these that `follower` has not handled.
   *
   * @throws OrderError `ledger-unavailable`, or `batch-unwritable` where one of the IDs could not be remembered.
   */
  unhandled(follower: string, events: readonly OrderEvent[]): Promise<readonly OrderEvent[]>;
  /** Remembers events as handled; those that are already change nothing. Throws as `unhandled`. */
  remember(follower: string, events: readonly OrderEvent[]): Promise<void>;
}

/** One message in a follower's hands. */
export interface EventDelivery {
  /** One event or many, in JSON. */
  readonly content: Buffer;
  /** How often its event was tried in vain. */
  readonly failures: number;
  /** A line for each failure. */
  readonly history: readonly string[];
  readonly channelGeneration: number;
  /** All of its events are dealt with. */
  ack(): void;
}

export interface EventConsumerHandlers {
  onDelivery(delivery: EventDelivery): void;
  /** The channel of this generation is gone: its deliveries come again and should be dropped. */
  onLost(channelGeneration: number): void;
}

export type EventConsumer = MessageConsumer;

/** Why a follower gave an event up. */
export interface EventLetter {
  /** Absent: the message could not be understood. */
  readonly event: OrderEvent | undefined;
  /** The bytes that are no event. */
  readonly content?: Buffer;
  /** For people: what could not be done. */
  readonly reason: string;
  readonly cause: string;
  readonly failedAtMs: number;
  readonly history: readonly string[];
}

export interface EventLetterView extends EventLetter {
  readonly id: string;
}

export type EventLetterBox = LetterBox<EventLetterView>;

/** The queues of one follower. All resolve with the broker's confirm and reject as `publishEvents` does. */
export interface FollowerQueues {
  /** Attempts that an event has in all, 1 or more. */
  readonly attempts: number;
  /** Lets the event come again after the delay that follows so many failures, 1 up to `attempts - 1`. */
  retry(event: OrderEvent, failures: number, history: readonly string[]): Promise<void>;
  deadLetter(letter: EventLetter): Promise<void>;
  /** Puts events into the follower's queue as if they had just happened, for this follower alone. */
  replay(events: readonly OrderEvent[]): Promise<void>;
}

/** What waits for one follower, from the broker. */
export interface FollowerDepth {
  readonly name: string;
  /** Messages of one event or many, ready in its queue. */
  readonly waitingMessages: number;
  /** In the hands of its instances. */
  readonly unacknowledgedMessages: number;
  /** Events that wait for another attempt. */
  readonly retrying: number;
  readonly deadLetters: number;
  /** Processes that consume its queue. */
  readonly instances: number;
}
