import { setTimeout as delay } from 'node:timers/promises';

const pollMs = 20;

/**
 * Asks every 20 ms until the condition holds. An error of the condition counts as `false`.
 *
 * @throws Error with code `waited-in-vain`, naming `what`, after `deadlineMs`; the signal's reason
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const endsAtMs = performance.now() + deadlineMs;
  let last: unknown;
  for (;;) {
    try {
      if (await condition()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    signal?.throwIfAborted();
    if (performance.now() > endsAtMs) {
      throw Object.assign(new Error(`waited ${deadlineMs} ms in vain for ${what}`, { cause: last }), {
        code: 'waited-in-vain',
      });
    }
    await delay(pollMs, undefined, { signal });
  }
}
