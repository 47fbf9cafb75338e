import type { Clock } from '../platform/clock.ts';

/** Why publishes are held back: no confirm came in time, or the queue nacked for being full. */
export type BreakerState = 'breaker-open' | 'full';

export interface Breaker {
  state(): BreakerState | undefined;
  /** Opens it, until a message of this ID or a later one is confirmed. A timeout outranks fullness. */
  open(state: BreakerState, untilConfirmedId: number): void;
  confirmed(id: number): void;
  /** Sends a probe now, where it is open. */
  probe(): void;
  stop(): void;
}

/**
 * Holds publishes back while the broker does not take them, and asks every `probeEveryMs` with a message that
 * matters to nobody whether it does again.
 */
export function createBreaker(options: {
  readonly clock: Clock;
  readonly probeEveryMs: number;
  readonly sendProbe: () => void;
  readonly onChange: () => void;
}): Breaker {
  const { clock, onChange } = options;
  const stopped = new AbortController();
  let opened: { readonly state: BreakerState; readonly untilConfirmedId: number } | undefined;
  let probing = false;

  async function probeWhileOpen(): Promise<void> {
    probing = true;
    while (opened && !stopped.signal.aborted) {
      await clock.sleep(options.probeEveryMs, stopped.signal);
      if (opened && !stopped.signal.aborted) options.sendProbe();
    }
    probing = false;
  }

  return {
    state: () => opened?.state,
    open(state, untilConfirmedId) {
      if (stopped.signal.aborted || (opened && (state === 'full' || opened.state === 'breaker-open'))) return;
      opened = { state, untilConfirmedId };
      if (!probing) void probeWhileOpen();
      onChange();
    },
    confirmed(id) {
      if (!opened || id < opened.untilConfirmedId) return;
      opened = undefined;
      onChange();
    },
    probe() {
      if (opened) options.sendProbe();
    },
    stop() {
      stopped.abort();
    },
  };
}
