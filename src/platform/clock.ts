import { setTimeout as delay } from 'node:timers/promises';

/** Time as the stages see it, so that tests can hold it still. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Resolves after `ms`, or at once when the signal is aborted; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  async sleep(ms, signal) {
    if (signal?.aborted) return;
    await delay(ms, undefined, signal ? { signal } : undefined).catch(() => undefined);
  },
};
