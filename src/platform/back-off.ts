export interface BackOffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * Waiting times that double from `firstMs` to `maxMs`, each drawn from its upper half, so that processes that
 * failed together do not come back together.
 */
export function createBackOff({ firstMs, maxMs }: BackOffOptions, random: () => number = Math.random) {
  let failures = 0;
  return {
    /** The next waiting time, in milliseconds. */
    nextMs(): number {
      const ceilingMs = Math.min(maxMs, firstMs * 2 ** Math.min(failures++, 30));
      return ceilingMs * (0.5 + random() / 2);
    },
    reset(): void {
      failures = 0;
    },
  };
}
