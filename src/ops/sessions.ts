import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../platform/clock.ts';

/** One working day: an operator who logs in before a sale is not thrown out during it. */
export const sessionLifetimeMs = 12 * 60 * 60 * 1_000;
/** Beyond this many the oldest ends. */
const maxSessions = 1_000;

export interface Session {
  readonly who: string;
  readonly expiresAtMs: number;
}

/**
 * Who has logged in, in the memory of one ops process: its end ends all sessions. A session's value is 256 random
 * bits and only its hash is kept.
 */
export function createSessions({ clock }: { clock: Pick<Clock, 'nowMs'> }) {
  const sessions = new Map<string, Session>();
  const hashOf = (value: string) => createHash('sha256').update(value).digest('base64');

  return {
    /** Resolves with the value for the cookie. */
    begin(who: string): string {
      for (const [hash, { expiresAtMs }] of sessions) {
        if (expiresAtMs > clock.nowMs() && sessions.size < maxSessions) break;
        sessions.delete(hash);
      }
      const value = randomBytes(32).toString('base64url');
      sessions.set(hashOf(value), { who, expiresAtMs: clock.nowMs() + sessionLifetimeMs });
      return value;
    },
    /** `undefined` where there is none, or it has expired. */
    find(value: string | undefined): Session | undefined {
      if (value === undefined) return undefined;
      const session = sessions.get(hashOf(value));
      return session && session.expiresAtMs > clock.nowMs() ? session : undefined;
    },
    end(value: string | undefined): void {
      if (value !== undefined) sessions.delete(hashOf(value));
    },
  };
}
export type Sessions = ReturnType<typeof createSessions>;
