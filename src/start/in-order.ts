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
