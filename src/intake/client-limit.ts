import type { Clock } from '../platform/clock.ts';

export type ClientVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly retryAfterSeconds: number };

/** Addresses whose exemption is remembered. */
const maxRemembered = 10_000;

/**
 * Limits requests per client by GCRA: `maxPerSecond` evenly, with one second's worth as a burst.
 * Memory is bounded by the clients seen within a second: older ones carry no state and are swept.
 */
export function createClientLimit(options: {
  maxPerSecond: number;
  exempt: (address: string) => boolean;
  clock: Clock;
}) {
  const intervalMs = 1_000 / options.maxPerSecond;
  const burstMs = 1_000 - intervalMs;
  /** Theoretical arrival time of each client's next request, milliseconds. */
  const nextAtMs = new Map<string, number>();
  let sweepAtMs = 0;
  /** Looking an address up in ranges costs more than the rest of the check together. */
  const exemptByAddress = new Map<string, boolean>();

  function isExempt(client: string): boolean {
    let exempt = exemptByAddress.get(client);
    if (exempt === undefined) {
      if (exemptByAddress.size >= maxRemembered) exemptByAddress.clear();
      exempt = options.exempt(client);
      exemptByAddress.set(client, exempt);
    }
    return exempt;
  }

  return {
    /** @param customerId whom a verified token stands for: then this customer is the client, wherever it comes from. */
    check(address: string, customerId?: string): ClientVerdict {
      if (isExempt(address)) return { allowed: true };
      // No address begins with a space, and no customer contains one.
      const client = customerId === undefined ? address : ` ${customerId}`;
      const nowMs = options.clock.monotonicMs();
      if (nowMs >= sweepAtMs) {
        for (const [key, atMs] of nextAtMs) if (atMs <= nowMs) nextAtMs.delete(key);
        sweepAtMs = nowMs + 1_000;
      }
      const dueMs = Math.max(nextAtMs.get(client) ?? 0, nowMs);
      if (dueMs - nowMs > burstMs) {
        return { allowed: false, retryAfterSeconds: Math.ceil((dueMs - nowMs - burstMs) / 1_000) };
      }
      nextAtMs.set(client, dueMs + intervalMs);
      return { allowed: true };
    },
    maxPerSecond: options.maxPerSecond,
    /** Clients that hold state. */
    size: () => nextAtMs.size,
  };
}
export type ClientLimit = ReturnType<typeof createClientLimit>;
