import { randomBytes } from 'node:crypto';
import type { Registry } from 'prom-client';
import type { SaleClaims } from '../order/ports/claims.ts';
import type { Clock } from '../platform/clock.ts';
import { readReport } from '../platform/figures.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import { processId } from './stages.ts';

const intervalMs = 1_000;
/** A process that is silent this long is gone. */
export const forgottenAfterMs = 10_000;

/**
 * Tells the cluster once a second, through Redis, how this process is; the ops page adds the reports up. All
 * processes do it on the whole second, so that the sums are of one second. While Redis is away nothing is told,
 * and nobody waits.
 */
export function createAnnouncer(deps: {
  role: string;
  registry: Registry;
  claims: Pick<SaleClaims, 'announceProcess'>;
  clock: Clock;
}): Lifecycle {
  const { role, registry, claims, clock } = deps;
  const id = `${role} ${processId()} ${randomBytes(3).toString('hex')}`;
  const stopping = new AbortController();
  let loop: Promise<void> | undefined;

  async function announce(): Promise<void> {
    try {
      await claims.announceProcess(id, JSON.stringify(await readReport(role, registry)), forgottenAfterMs);
    } catch {
      // Redis is away: every user of it says so already.
    }
  }

  return {
    async start() {
      loop = (async () => {
        while (!stopping.signal.aborted) {
          await announce();
          await clock.sleep(intervalMs - (clock.nowMs() % intervalMs), stopping.signal);
        }
      })();
    },
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}
