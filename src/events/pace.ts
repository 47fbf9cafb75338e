import type { Clock } from '../platform/clock.ts';

/**
 * Spaces calls so that no more than `perSecond` items go in a second, whatever each call holds. A call that comes
 * late is not made up for.
 */
export function createPace(clock: Clock, perSecond: number) {
  let freeAtMs = Number.NEGATIVE_INFINITY;
  /** Resolves when `items` may go, or when the signal is aborted. */
  return async function pace(items: number, signal: AbortSignal): Promise<void> {
    const nowMs = clock.monotonicMs();
    const atMs = Math.max(nowMs, freeAtMs);
    freeAtMs = atMs + (items * 1_000) / perSecond;
    if (atMs > nowMs) await clock.sleep(atMs - nowMs, signal);
  };
}
