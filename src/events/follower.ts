import type { OrderEvent } from '../order/events.ts';
import type { RunSql } from '../order/ports/events.ts';
import type { Logger } from '../platform/logger.ts';

/**
 * A service that reacts to what became of orders. The harness gives it a queue of its own, retries, dead letters
 * and metrics; it says what it listens to and what it does.
 */
export interface Follower {
  /** 1 to 64 of `a-z`, `0-9` and `-`. Its queue is `sluice.follower.NAME`. */
  readonly name: string;
  /** Patterns of routing keys: `orders.confirmed`, `orders.*`. */
  readonly bindings: readonly string[];
  /** Orders that a call of the effect gets at most; it gets as many as there are. 1 by default. */
  readonly ordersAtOnce?: number;
  /** Calls of the effect under way at once in one process. 1 by default. */
  readonly callsAtOnce?: number;
  /**
   * The events of a customer are handled in their order: one instance at a time, one call at a time, and an event
   * that fails holds up those behind it. See docs/writing-a-follower.md for what that costs.
   */
  readonly keepsOrder?: boolean;
  readonly effect: LedgerEffect | IdempotentEffect | OutsideEffect;
}

/** An effect in the ledger's database: it happens exactly once per event. */
export interface LedgerEffect {
  readonly within: 'ledger';
  /**
   * Writes what follows from the events, in the transaction that also remembers them as handled. When it throws,
   * nothing has happened; a call with several events is then divided until those at fault stand alone.
   */
  apply(events: readonly OrderEvent[], sql: RunSql, context: EffectContext): Promise<void>;
}

/**
 * An effect in the ledger's database that leaves a row per order, whose key tells that it has happened: events are
 * not remembered besides, which halves what they cost the database.
 */
export interface IdempotentEffect {
  readonly within: 'ledger';
  readonly idempotent: true;
  /**
   * Writes what follows from the events, in a transaction, and resolves with how many of them were new: it gets all
   * that are delivered, also again, also one twice in a call, and beside another instance with the same ones. When it
   * throws, all is as for {@link LedgerEffect}.
   */
  apply(events: readonly OrderEvent[], sql: RunSql, context: EffectContext): Promise<number>;
  /** Those of the events that have had no effect, so that a replay sends no others. */
  missing(events: readonly OrderEvent[], sql: RunSql): Promise<readonly OrderEvent[]>;
}

/**
 * An effect elsewhere, such as a mail or a request: it happens at least once per event. The event is remembered
 * right after the effect, so it happens twice only where a crash, or the loss of the broker, fell in between.
 */
export interface OutsideEffect {
  readonly within: 'outside';
  /** Events are not remembered, and cost the database nothing: each delivery has its effect. */
  readonly forgets?: true;
  /**
   * Does what follows from the events and says for each, in their order, what came of it. When it throws, none of
   * them counts as done.
   */
  apply(events: readonly OrderEvent[], context: EffectContext): Promise<readonly EffectOutcome[]>;
}

export interface EffectContext {
  readonly logger: Logger;
  /** Aborted when the process will not wait any longer. */
  readonly signal: AbortSignal;
}

export type EffectOutcome = 'done' | EffectError;

export type EffectErrorCode =
  /** What the effect needs is away. No attempt is counted: all events wait until it is back. */
  | 'neighbour-away'
  /** It did not work for this event. It is tried again later, a few times, then dead-lettered. */
  | 'effect-failed'
  /** It will never work for this event: a dead letter at once. */
  | 'effect-refused';

/** Why an effect did not happen. What else an effect throws counts as `effect-failed`. */
export class EffectError extends Error {
  override readonly name = 'EffectError';
  readonly code: EffectErrorCode;

  constructor(code: EffectErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Makes an effect that treats its events one by one, all at the same time: with `ordersAtOnce: 200` up to 200
 * mails are under way.
 */
export function each(
  one: (event: OrderEvent, context: EffectContext) => Promise<void>,
): OutsideEffect['apply'] {
  return (events, context) =>
    Promise.all(
      events.map(async (event): Promise<EffectOutcome> => {
        try {
          await one(event, context);
          return 'done';
        } catch (error) {
          return effectError(error);
        }
      }),
    );
}

/** Whatever an effect threw, as an {@link EffectError}. */
export function effectError(thrown: unknown): EffectError {
  if (thrown instanceof EffectError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new EffectError('effect-failed', message, { cause: thrown });
}
