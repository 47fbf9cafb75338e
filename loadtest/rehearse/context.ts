import { setTimeout as delay } from 'node:timers/promises';
import type { FaultContext } from './fault.ts';
import type { Instance } from './instance/instance.ts';
import type { Crowd } from './load/crowd.ts';
import { until } from './until.ts';

/** Longest that a fault lasts in a sample. */
const sampleMs = 3_000;

/** What the faults of one act can get at. */
export function createContext(options: {
  readonly instance: Instance;
  readonly crowd: Crowd;
  readonly saleId: string;
  /** Faults last as long as in the full count. */
  readonly full: boolean;
  readonly signal: AbortSignal;
}): FaultContext {
  const { instance, crowd, saleId, full, signal } = options;
  const { urls, gateways, drainers, roles, services } = instance;
  let bursts = 0;
  return {
    urls,
    gateways,
    drainers,
    roles,
    services,
    saleId: () => saleId,
    shortened: (fullMs) => (full ? fullMs : Math.min(fullMs, sampleMs)),
    ordersSent: crowd.sent,
    burst: async (orders) => {
      await Promise.all(Array.from({ length: orders }, () => crowd.probe(bursts++)));
    },
    sleep: async (ms) => {
      if (ms > 0) await delay(ms, undefined, { signal });
    },
    until: (what, condition, deadlineMs) => until(what, condition, deadlineMs, signal),
    signal,
  };
}
