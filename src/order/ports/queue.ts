import type { Envelope } from '../envelope.ts';
import type { OrderError } from '../errors.ts';
import type { ClaimedOrder } from '../order.ts';

/** The intake side of the queue. */
export interface OrderPublisher {
  /**
   * Resolves when the broker has confirmed the envelope (written to a quorum queue).
   *
   * @throws OrderError `queue-unavailable` (not sent) or `publish-unconfirmed` (nacked, returned, timed out,
   *   connection lost: it may be in the queue).
   */
  publish(envelope: Envelope): Promise<void>;
  /** Whether a publish would be tried now. */
  state(): 'up' | 'away' | 'blocked' | 'breaker-open' | 'full';
}

/** One envelope in a drainer's hands. */
export interface Delivery {
  readonly envelope: Envelope;
  /** Counts channels: deliveries of an older channel will come again on a newer one. */
  readonly channelGeneration: number;
  readonly redelivered: boolean;
  /** All of its orders are settled. On a channel that is gone it does nothing: the envelope comes again. */
  ack(): void;
}

export interface ConsumerHandlers {
  onDelivery(delivery: Delivery): void;
  /**
   * A message that is not an envelope of a known version: dead-letter its bytes, then acknowledge. Until then it
   * counts as delivered; after `onLost` the acknowledgement does nothing and the message comes again.
   */
  onUnreadable(content: Buffer, error: OrderError, ack: () => void): void;
  /** The channel of this generation is gone: its deliveries that are not written yet should be dropped. */
  onLost(channelGeneration: number): void;
}

/** The receiving side of a queue. */
export interface MessageConsumer {
  /** Starts (again) to receive, with this many messages unacknowledged at most. Reconnects by itself. */
  resume(prefetch: number): Promise<void>;
  /** Stops receiving. What is delivered stays in hand and can still be acknowledged. */
  cancel(): Promise<void>;
  /** Gives what is delivered and not acknowledged back to the queue; call after `cancel`. */
  requeue(): Promise<void>;
  /** Messages delivered and not acknowledged. */
  unacknowledged(): number;
  state(): 'up' | 'away' | 'idle';
}

/** The drain side of the order queue: its messages are envelopes. */
export type OrderConsumer = MessageConsumer;

/** Why an order left the path. */
export interface DeadLetter {
  readonly order: ClaimedOrder | undefined;
  /** The message's bytes, where it could not be decoded. */
  readonly content?: Buffer;
  /** For people: what could not be done. */
  readonly reason: string;
  /** SQLSTATE, decode error or the like. */
  readonly cause: string;
  readonly failedAtMs: number;
  /** How often it was tried, and where it came from. */
  readonly history: readonly string[];
}

/** A dead letter as it lies in the queue. */
export interface DeadLetterView extends DeadLetter {
  /** Unique; stays with the letter until it is redriven or purged. */
  readonly id: string;
}

/** Dead letters for operators. */
export interface LetterBox<Letter> {
  /** The oldest `limit` letters. They stay in the queue. */
  list(limit: number): Promise<Letter[]>;
  /**
   * Hands each letter that `filter` picks to `handle`, oldest first, one at a time, and removes it when that
   * resolves `done`. Letters that arrive meanwhile are left for the next call. When `handle` rejects, so does
   * this, with the same error, and that letter and all after it stay. A crash after `handle` and before the
   * removal leaves the letter: `handle` must bear repetition.
   */
  take(
    filter: (letter: Letter) => boolean,
    handle: (letter: Letter) => Promise<'done' | 'keep'>,
  ): Promise<{ readonly done: number; readonly kept: number }>;
}

export type DeadLetterBox = LetterBox<DeadLetterView>;

export interface DeadLetterPublisher {
  /** Resolves when the broker has confirmed it in `sluice.orders.dead`. Errors as for `publish`. */
  deadLetter(letter: DeadLetter): Promise<void>;
}

/** Counts of the order queues, from the broker. */
export interface QueueDepth {
  readonly ready: number;
  readonly unacknowledged: number;
  readonly deadLetters: number;
  /** Envelopes that each consumer may hold unacknowledged; one entry per consumer. */
  readonly prefetches?: readonly number[];
}
