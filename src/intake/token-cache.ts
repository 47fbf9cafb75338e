import { hash } from 'node:crypto';
import type { Clock } from '../platform/clock.ts';

/**
 * Remembers which customer a verified token stands for, until it expires: at most `maxTokens`, those used lately.
 *
 * Two generations instead of a list in order of use: looking up writes only when a token moves up from the older
 * one. Tokens are kept as digests (1.1 µs each), which bounds the memory whatever their length and leaves no
 * token to be found in it.
 */
export function createTokenCache({ maxTokens, clock }: { maxTokens: number; clock: Clock }) {
  interface Entry {
    readonly customerId: string;
    readonly expiresAtMs: number;
  }
  let young = new Map<string, Entry>();
  let old = new Map<string, Entry>();

  function put(key: string, entry: Entry): void {
    if (young.size >= maxTokens / 2) {
      old = young;
      young = new Map();
    }
    young.set(key, entry);
  }

  return {
    get(token: string): string | undefined {
      const key = digest(token);
      let entry = young.get(key);
      if (entry === undefined) {
        entry = old.get(key);
        if (entry === undefined) return undefined;
        put(key, entry);
      }
      return clock.nowMs() < entry.expiresAtMs ? entry.customerId : undefined;
    },
    set(token: string, customerId: string, expiresAtMs: number): void {
      put(digest(token), { customerId, expiresAtMs });
    },
    /** Forgets all, as when the keys have changed. */
    clear(): void {
      young = new Map();
      old = new Map();
    },
    size: () => young.size + old.size,
  };
}

function digest(token: string): string {
  return hash('sha256', token, 'base64');
}
