import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;

/**
 * Asks every 20 ms until the condition is truthy, and returns what it gave.
 * Throws, naming `what` was awaited, when it is not within `deadlineMs`; an error of the condition is its cause then.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { deadlineMs, what }: { deadlineMs: number; what: string },
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const deadline = Date.now() + deadlineMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value as Exclude<T, false | null | undefined | 0 | ''>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`waited ${deadlineMs} ms in vain for: ${what}`, { cause: lastError });
    }
    await sleep(POLL_MS);
  }
}
