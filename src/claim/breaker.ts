import type { Clock } from '../platform/clock.ts';

/**
 * After a command that was not answered in time, nothing more is sent for `reopenAfterMs`; then `probe` decides,
 * as often as it takes. Without it every request of a crowd would wait out its own timeout.
 */
export function createBreaker({
  reopenAfterMs,
  probe,
  clock,
}: {
  reopenAfterMs: number;
  /** Resolves when the server answers, rejects when it does not. */
  probe: () => Promise<unknown>;
  clock: Clock;
}) {
  const stopped = new AbortController();
  let open = false;

  async function probeUntilAnswered(): Promise<void> {
    while (!stopped.signal.aborted) {
      await clock.sleep(reopenAfterMs, stopped.signal);
      const answered = await probe().then(
        () => true,
        () => false,
      );
      if (answered) break;
    }
    open = false;
  }

  return {
    isOpen: () => open,
    trip(): void {
      if (open || stopped.signal.aborted) return;
      open = true;
      void probeUntilAnswered();
    },
    stop(): void {
      stopped.abort();
    },
  };
}
