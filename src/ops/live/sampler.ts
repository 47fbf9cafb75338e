import type { SaleClaims } from '../../order/ports/claims.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Lifecycle } from '../../platform/lifecycle.ts';
import type { ClusterState } from '../cluster-watch.ts';
import { createProcessReader } from './read-processes.ts';
import { type Snapshot, snapshotOf } from './snapshot.ts';

const intervalMs = 1_000;
/** After the whole second, on which the processes report and the cluster is looked at: both are in by then. */
const phaseMs = 250;

/** Takes one snapshot a second, however many look at it. A neighbour that hangs delays none. */
export function createSampler(deps: {
  state: () => ClusterState | undefined;
  lookedAtMs: () => number | undefined;
  claims: Pick<SaleClaims, 'processes'>;
  /** After how long without a word a process is forgotten, as it announces itself. */
  forgottenAfterMs: number;
  clock: Clock;
  publish: (snapshot: Snapshot) => void;
}): Lifecycle {
  const { claims, clock, forgottenAfterMs } = deps;
  const readProcesses = createProcessReader(claims, forgottenAfterMs);
  const stopping = new AbortController();
  let loop: Promise<void> | undefined;

  return {
    async start() {
      loop = (async () => {
        while (!stopping.signal.aborted) {
          const sinceMs = (clock.nowMs() - phaseMs) % intervalMs;
          await clock.sleep(intervalMs - sinceMs, stopping.signal);
          if (stopping.signal.aborted) return;
          const processes = await readProcesses();
          deps.publish(
            snapshotOf({
              nowMs: clock.nowMs(),
              state: deps.state(),
              lookedAtMs: deps.lookedAtMs(),
              processes,
            }),
          );
        }
      })();
    },
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}
