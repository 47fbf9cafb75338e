import { Registry } from 'prom-client';
import { statusOf } from '../../ops/cluster-status.ts';
import { createClusterWatch } from '../../ops/cluster-watch.ts';
import { createProcessReader } from '../../ops/live/read-processes.ts';
import { snapshotOf } from '../../ops/live/snapshot.ts';
import { systemClock } from '../../platform/clock.ts';
import { readConfig } from '../../platform/config/read.ts';
import { createLogger } from '../../platform/logger.ts';
import { createClusterMetrics } from '../../platform/metrics.ts';
import { readDepth } from '../../queue/depth.ts';
import { forgottenAfterMs } from '../announcer.ts';
import { startedWithin } from '../in-order.ts';
import { claimsFor, ledgerFor } from '../stages.ts';
import { findTarget } from '../target.ts';

/** A server that is away is said to be, rather than waited for. */
const connectMs = 2_000;

/** What operators are shown of one moment; everything that could not be read is null. Rates are orders/s. */
export type Status = Awaited<ReturnType<LookOut['look']>>;
export type LookOut = Awaited<ReturnType<typeof openLookOut>>;

/** Watches the running instance of a folder, or what the environment names; starts nothing, and needs no server. */
export async function openLookOut(folder: string) {
  const config = readConfig();
  const target = findTarget(config, folder);
  const context = { config, target, logger: createLogger('status', 'silent'), clock: systemClock };
  const ledger = ledgerFor(context, 'status');
  const claims = claimsFor(context);
  await Promise.all([ledger, claims].map((part) => startedWithin(connectMs, part).start()));
  const readProcesses = createProcessReader(claims, forgottenAfterMs);
  const watch = createClusterWatch({
    claims,
    ledger,
    readDepth: () => readDepth(target),
    metrics: createClusterMetrics(new Registry()),
    logger: context.logger,
  });

  return {
    /** Looks at everything now. The rates are those between the last two reports of each process. */
    async look() {
      const [state, processes] = await Promise.all([watch.look(), readProcesses()]);
      const nowMs = systemClock.nowMs();
      const seen = snapshotOf({ nowMs, lookedAtMs: nowMs, state, processes });
      // Before each process has reported twice there is nothing to tell rates from.
      const known = processes?.some(({ perSecond }) => perSecond.size > 0) === true;
      return {
        at: new Date(nowMs).toISOString(),
        ...statusOf(state),
        orders: known ? seen.orders : null,
        drained: known ? seen.drained : null,
        intakeSeconds: known ? seen.intakeSeconds : null,
        settleSeconds: known ? seen.settleSeconds : null,
        dependencies: seen.dependencies,
        processes: processes ? seen.processes : null,
      };
    },
    async close() {
      await Promise.all([claims.stop(1_000).catch(() => {}), ledger.stop(1_000).catch(() => {})]);
    },
  };
}
