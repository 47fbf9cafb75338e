import { isAlive, sendSignal } from '../../../src/services/processes.ts';
import type { SupervisedRole } from '../../../src/start/supervise.ts';
import type { RoleControl } from '../fault.ts';
import { until } from '../until.ts';

const stopDeadlineMs = 12_000;

/** A supervised role in the hands of the faults. */
export function controlRole(supervised: SupervisedRole, label: string): RoleControl {
  // What it said in its first life: its HTTP port is the same in all of them.
  const url = supervised.process()?.url;
  return {
    role: supervised.role,
    label,
    pid: () => supervised.process()?.pid,
    url: () => url,
    metricsUrl: () => supervised.process()?.metricsUrl,
    signal(signal) {
      const pid = supervised.process()?.pid;
      if (pid !== undefined) sendSignal(pid, signal);
    },
    untilGone: (pid, deadlineMs) =>
      until(
        `${label} (pid ${pid}) to end`,
        () => !isAlive(pid) && supervised.process()?.pid !== pid,
        deadlineMs,
      ),
    untilReady: (deadlineMs, otherThan) =>
      until(
        `${label} to be ready`,
        () => {
          const pid = supervised.process()?.pid;
          return pid !== undefined && pid !== otherThan;
        },
        deadlineMs,
      ),
    restart: (environment = {}) => supervised.restart(environment, stopDeadlineMs),
  };
}
