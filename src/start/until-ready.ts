import { systemClock } from '../platform/clock.ts';

const pollMs = 50;

/**
 * Resolves when every one of these servers says at `/readyz` that it can work with all it depends on.
 *
 * @throws Error with code `not-ready`, with the last answer, where one does not within `deadlineMs`.
 */
export async function untilReady(urls: readonly string[], deadlineMs: number): Promise<void> {
  const endsAtMs = Date.now() + deadlineMs;
  for (const url of urls) {
    for (let last = 'no answer'; ; await systemClock.sleep(pollMs)) {
      try {
        const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
        last = `${answer.status} ${await answer.text()}`;
        if (answer.ok) break;
      } catch (error) {
        last = String(error);
      }
      if (Date.now() > endsAtMs) {
        const message = `${url} was not ready within ${deadlineMs / 1_000} s: ${last}`;
        throw Object.assign(new Error(message), { code: 'not-ready' });
      }
    }
  }
}
