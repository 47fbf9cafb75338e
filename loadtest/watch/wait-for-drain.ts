import { setTimeout as delay } from 'node:timers/promises';
import type { InstanceSample } from './sampler.ts';

export interface WaitForDrainOptions {
  readonly sample: () => Promise<InstanceSample>;
  readonly onSample: (sample: InstanceSample) => void;
  readonly signal: AbortSignal;
  /** Time between two samples. Default 1,000. */
  readonly everyMs?: number;
  /** Samples without a smaller backlog before it gives up. Default 60. */
  readonly patience?: number;
}

/**
 * Waits until no order waits: in two samples in a row, because the gauge may be a second old. False if the
 * backlog stopped falling, or the instance does not say how large it is.
 */
export async function waitForDrain(options: WaitForDrainOptions): Promise<boolean> {
  const { sample, onSample, signal, everyMs = 1_000, patience = 60 } = options;
  let smallest = Number.POSITIVE_INFINITY;
  let withoutProgress = 0;
  let zeroes = 0;
  while (zeroes < 2) {
    await delay(everyMs, undefined, { signal });
    const taken = await sample();
    onSample(taken);
    const { waiting = Number.POSITIVE_INFINITY } = taken;
    zeroes = waiting === 0 ? zeroes + 1 : 0;
    withoutProgress = waiting < smallest ? 0 : withoutProgress + 1;
    smallest = Math.min(smallest, waiting);
    if (withoutProgress >= patience && zeroes === 0) return false;
  }
  return true;
}
