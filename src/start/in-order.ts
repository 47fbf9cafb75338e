import type { Lifecycle } from '../platform/lifecycle.ts';

/**
 * Several parts as one: started one after the other, stopped in reverse order, the deadline shared. A part that
 * does not stop in its share does not keep the next from being stopped.
 */
export function inOrder(parts: readonly Lifecycle[]): Lifecycle {
  let stopping: Promise<void> | undefined;

  async function stop(deadlineMs: number): Promise<void> {
    const endsAtMs = Date.now() + deadlineMs;
    for (const part of [...parts].reverse()) {
      const leftMs = Math.max(100, endsAtMs - Date.now());
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, leftMs);
      });
      await Promise.race([part.stop(leftMs), late]);
      clearTimeout(timer);
    }
  }

  return {
    async start() {
      for (const part of parts) await part.start();
    },
    stop(deadlineMs) {
      stopping ??= stop(deadlineMs);
      return stopping;
    },
  };
}

/** How long a role waits for each neighbour before it serves without it: HTTP 503 is better than no answer. */
export const neighbourPatienceMs = 3_000;

/**
 * A part whose server may be away: its start is waited for `patienceMs` at most, and goes on in the background.
 * So a role comes up, and can say what it misses, while a neighbour is down.
 */
export function startedWithin(patienceMs: number, part: Lifecycle): Lifecycle {
  return {
    async start() {
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, patienceMs);
      });
      // A start that is still under way when the role stops rejects; nobody waits for it any more.
      const started = part.start();
      started.catch(() => undefined);
      await Promise.race([started, patience]);
      clearTimeout(timer);
    },
    stop: (deadlineMs) => part.stop(deadlineMs),
  };
}
