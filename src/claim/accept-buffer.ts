import type { Clock } from '../platform/clock.ts';

/** Transaction IDs that go with one call. */
const acceptsPerCall = 1_000;
/** Transaction IDs kept in memory over all sales, about 10 MB. */
const acceptsMax = 100_000;

export interface AcceptBuffer {
  add(saleId: string, transactionIds: readonly string[]): void;
  /** Takes out up to {@link acceptsPerCall} IDs of a sale, to travel with a claim. */
  take(saleId: string): readonly string[];
  /** Sends everything there is; resolves when it has been answered. */
  flush(): Promise<void>;
  stop(): void;
}

/**
 * Holds broker's confirms until the next claim of the sale takes them along, or `flushAfterMs` have passed: a
 * crowd pays no call for them, and a lone shopper's status is right within milliseconds. What does not fit or
 * could not be sent is given to `onDropped` and forgotten: the reconciler publishes such claims again, which is
 * safe.
 */
export function createAcceptBuffer({
  flushAfterMs,
  send,
  onDropped,
  clock,
}: {
  flushAfterMs: number;
  send: (saleId: string, transactionIds: readonly string[]) => Promise<unknown>;
  onDropped: (count: number, error?: unknown) => void;
  clock: Clock;
}): AcceptBuffer {
  const stopped = new AbortController();
  const bySale = new Map<string, string[]>();
  let size = 0;
  let scheduled = false;

  function take(saleId: string): readonly string[] {
    const waiting = bySale.get(saleId);
    if (waiting === undefined) return [];
    const taken = waiting.splice(0, acceptsPerCall);
    size -= taken.length;
    return taken;
  }

  async function sendAll(saleId: string): Promise<void> {
    for (let ids = take(saleId); ids.length > 0; ids = take(saleId)) {
      await send(saleId, ids).catch((error: unknown) => onDropped(ids.length, error));
    }
    // Not with each claim: see docs/decisions/collecting.md.
    if (bySale.get(saleId)?.length === 0) bySale.delete(saleId);
  }

  async function flush(): Promise<void> {
    await Promise.all([...bySale.keys()].map(sendAll));
  }

  async function flushLater(): Promise<void> {
    await clock.sleep(flushAfterMs, stopped.signal);
    scheduled = false;
    if (!stopped.signal.aborted) await flush();
  }

  return {
    add(saleId, transactionIds) {
      const room = Math.max(0, acceptsMax - size);
      if (transactionIds.length > room) onDropped(transactionIds.length - room);
      const kept = transactionIds.length > room ? transactionIds.slice(0, room) : transactionIds;
      if (kept.length === 0) return;
      const waiting = bySale.get(saleId);
      if (waiting === undefined) bySale.set(saleId, [...kept]);
      else for (const id of kept) waiting.push(id);
      size += kept.length;
      if (scheduled || stopped.signal.aborted) return;
      scheduled = true;
      void flushLater();
    },
    take,
    flush,
    stop: () => stopped.abort(),
  };
}
