/** Resolves after a while, or as soon as the signal says so. */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
  });
}

/**
 * How long to wait before asking again, milliseconds: never less than the shop asks for, and spread out, so that
 * those who were turned away together do not come back together.
 *
 * @param {number | undefined} retryAfterSeconds what the shop asks for
 * @param {number} tries in vain so far, 1 or more; where the shop asks for nothing the waits double, up to 15 s
 */
export function retryDelayMs(retryAfterSeconds, tries) {
  if (retryAfterSeconds !== undefined) {
    const baseMs = retryAfterSeconds * 1_000;
    return baseMs + Math.random() * Math.min(3_000, 250 + baseMs / 2);
  }
  const baseMs = Math.min(15_000, 500 * 2 ** tries);
  return baseMs / 2 + Math.random() * (baseMs / 2);
}
