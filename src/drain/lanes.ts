import type { Clock } from '../platform/clock.ts';
import { createPatience, type Experience } from './patience.ts';

export type WriteOne = () => Promise<Experience>;

/** Batches on their way to the ledger. */
export interface Lanes {
  /** Waits for the next batch's turn, `atMostMs` at most, or until `signal` is aborted. */
  untilTurn(atMostMs: number, signal: AbortSignal): Promise<void>;
  /** Starts a write; resolves when there is room for another, and never rejects. */
  begin(write: WriteOne): Promise<void>;
  /** Resolves when none is on its way. */
  idle(): Promise<void>;
  /** What broke a write first. */
  fault(): { readonly error: unknown } | undefined;
}

/**
 * One batch at a time while it is the cap that holds them back; else two, so that the ledger finds the next one
 * waiting when it has committed one.
 *
 * @param onFault called when a write has broken
 */
export function createLanes(clock: Clock, onFault: () => void): Lanes {
  const writing = new Set<Promise<void>>();
  const patience = createPatience();
  let turnAtMs = 0;
  let held = false;
  let fault: { readonly error: unknown } | undefined;

  async function follow(write: WriteOne): Promise<void> {
    try {
      const experience = await write();
      held = experience.nextInMs > 0;
      turnAtMs = clock.monotonicMs() + Math.ceil(experience.nextInMs + patience(experience));
    } catch (error) {
      fault ??= { error };
      onFault();
    }
  }

  return {
    async untilTurn(atMostMs, signal) {
      const waitMs = Math.min(turnAtMs - clock.monotonicMs(), atMostMs);
      if (waitMs > 0) await clock.sleep(waitMs, signal);
    },
    async begin(write) {
      const work = follow(write).finally(() => writing.delete(work));
      writing.add(work);
      while (writing.size >= (held ? 1 : 2)) await Promise.race(writing);
    },
    async idle() {
      await Promise.all(writing);
    },
    fault: () => fault,
  };
}
