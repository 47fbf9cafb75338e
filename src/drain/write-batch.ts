import { isOrderError, type OrderError, orderError } from '../order/errors.ts';
import type { ClaimedOrder } from '../order/order.ts';
import type { BatchOutcome, Cap, Ledger } from '../order/ports/ledger.ts';
import type { Settlement } from '../order/states.ts';
import type { createBackOff } from '../platform/back-off.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';

/** An order of a batch, with what the ledger says of it. */
export interface SettledEntry<Entry> {
  readonly entry: Entry;
  readonly settlement: Settlement;
}

/** What became of a batch. */
export interface WrittenBatch<Entry> {
  readonly settled: readonly SettledEntry<Entry>[];
  /** Orders that can't be written, each with the error that says why. */
  readonly unwritable: readonly { readonly entry: Entry; readonly error: OrderError }[];
  /** Entries the cap's burst or a pause left unwritten. */
  readonly left: readonly Entry[];
  /** How long the cap holds back a batch as large as the last one; 0: it holds nothing back. */
  readonly nextInMs: number;
  /** What the cap had it wait, because it came too early. */
  readonly waitedMs: number;
  readonly cap: Cap;
}

interface Deps {
  readonly ledger: Pick<Ledger, 'settleBatch'>;
  readonly backOff: ReturnType<typeof createBackOff>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Tells how long one round trip took, without waiting for the cap, and how many orders it carried. */
  readonly onCommit: (seconds: number, orders: number) => void;
  readonly onLedger: (up: boolean) => void;
}

/**
 * Writes a batch, whatever it takes: waits for the cap, holds the batch and backs off while the ledger is away,
 * and bisects a batch that can't be written, or breaks the code, until the orders at fault stand alone.
 *
 * When `signal` is aborted it gives up waiting and returns the rest in `left`.
 */
export function createBatchWriter(deps: Deps) {
  async function settle(orders: readonly ClaimedOrder[]): Promise<BatchOutcome> {
    const startedAt = performance.now();
    const outcome = await deps.ledger.settleBatch(orders);
    if (outcome.outcome === 'written') deps.onCommit((performance.now() - startedAt) / 1_000, orders.length);
    deps.onLedger(true);
    deps.backOff.reset();
    return outcome;
  }

  /**
   * Our own code broke. Where an empty batch goes through, it is an order that breaks it, and bisecting finds it;
   * where not even that does, nothing would be left after the bisecting: throws.
   */
  async function faultOfTheBatch(thrown: unknown): Promise<OrderError> {
    deps.logger.error({ err: thrown }, 'a batch broke the code');
    try {
      await deps.ledger.settleBatch([]);
    } catch (error) {
      if (isOrderError(error) && error.disposition === 'retry') return error;
      throw thrown;
    }
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return orderError('batch-unwritable', `the order breaks the code: ${message}`, { cause: thrown });
  }

  return async function writeBatch<Entry extends { readonly order: ClaimedOrder }>(
    entries: readonly Entry[],
    signal: AbortSignal,
    cap: Cap,
  ): Promise<WrittenBatch<Entry>> {
    const settled: SettledEntry<Entry>[] = [];
    const unwritable: { entry: Entry; error: OrderError }[] = [];
    /** Parts still to write, in order. */
    let parts: Entry[][] = [[...entries]];
    let latest = cap;
    let nextInMs = 0;
    let waitedMs = 0;
    while (parts.length > 0) {
      if (signal.aborted) break;
      const [part, ...rest] = parts as [Entry[], ...Entry[][]];
      let outcome: BatchOutcome;
      try {
        outcome = await settle(part.map((entry) => entry.order));
      } catch (thrown) {
        const error = isOrderError(thrown) ? thrown : await faultOfTheBatch(thrown);
        if (error.code === 'batch-unwritable') {
          if (part.length === 1) {
            unwritable.push({ entry: part[0]!, error });
            parts = rest;
          } else {
            parts = [...halves(part), ...rest];
          }
          continue;
        }
        if (error.disposition !== 'retry') throw error;
        deps.onLedger(false);
        const waitMs = deps.backOff.nextMs();
        deps.logger.warn(
          { err: error, waitMs, orders: part.length },
          'the ledger is away; holding the batch',
        );
        await deps.clock.sleep(waitMs, signal);
        continue;
      }
      latest = outcome.cap;
      if (outcome.outcome === 'wait') {
        waitedMs += outcome.waitMs;
        await deps.clock.sleep(outcome.waitMs, signal);
      } else if (outcome.outcome === 'too-large') {
        parts = [...halves(part), ...rest];
      } else if (outcome.outcome === 'paused') {
        break;
      } else {
        outcome.settlements.forEach((settlement, i) => {
          settled.push({ entry: part[i]!, settlement });
        });
        nextInMs = outcome.nextInMs;
        parts = rest;
      }
    }
    return { settled, unwritable, left: parts.flat(), nextInMs, waitedMs, cap: latest };
  };
}

function halves<Entry>(entries: Entry[]): Entry[][] {
  const middle = Math.ceil(entries.length / 2);
  return [entries.slice(0, middle), entries.slice(middle)];
}
