import type { Clock } from '../platform/clock.ts';

/** Failures an address is forgiven at once, */
const burst = 10;
/** and one more each time this has passed: ten a minute. */
const forgiveMs = 6_000;
/** Beyond this many addresses, all others share one account. */
const maxAddresses = 10_000;

/**
 * Counts failed logins per address. Who has used them up is refused unheard, with the right token too: a guess
 * that is not looked at tells nothing. What was forgiven is forgotten.
 */
export function createLoginLimit({ clock }: { clock: Pick<Clock, 'monotonicMs'> }) {
  /** When all failures of an address will be forgiven, on the monotonic clock. */
  const clearAtMs = new Map<string, number>();

  let sweepAtMs = 0;

  function accountOf(address: string): string {
    if (clearAtMs.has(address) || clearAtMs.size < maxAddresses) return address;
    const nowMs = clock.monotonicMs();
    if (nowMs >= sweepAtMs) {
      for (const [key, atMs] of clearAtMs) if (atMs <= nowMs) clearAtMs.delete(key);
      sweepAtMs = nowMs + 1_000;
    }
    return clearAtMs.size < maxAddresses ? address : 'others';
  }

  return {
    /** Seconds until the address may try again, 0 where it may now. */
    waitSeconds(address: string): number {
      const debtMs = (clearAtMs.get(accountOf(address)) ?? 0) - clock.monotonicMs();
      return Math.max(0, Math.ceil((debtMs - (burst - 1) * forgiveMs) / 1_000));
    },
    failed(address: string): void {
      const account = accountOf(address);
      clearAtMs.set(account, Math.max(clearAtMs.get(account) ?? 0, clock.monotonicMs()) + forgiveMs);
    },
    size: () => clearAtMs.size,
  };
}
export type LoginLimit = ReturnType<typeof createLoginLimit>;
