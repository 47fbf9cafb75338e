/** Time as the stages see it, so that tests can hold it still. */
export interface Clock {
  /** Milliseconds since the epoch. It may jump, in either direction: for times that others see, and for nothing else. */
  nowMs(): number;
  /** Milliseconds since some moment, never set: for how long something took, or may take. */
  monotonicMs(): number;
  /** Resolves after `ms`, or at once when the signal is aborted; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      function done(): void {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      }
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done);
    }),
};
