import { isAlive, sendSignal } from '../../../src/services/processes.ts';
import type { SupervisedRole } from '../../../src/start/supervise.ts';
import type { RoleControl } from '../fault.ts';
import { until } from '../until.ts';
import type { Lives } from './lives.ts';

const stopDeadlineMs = 12_000;
/** They do not end a process: one that ends all the same did so by itself. */
const harmless: readonly NodeJS.Signals[] = ['SIGSTOP', 'SIGCONT'];

/** A supervised role in the hands of the faults. `lives` is told of its processes by whoever supervises it. */
export function controlRole(supervised: SupervisedRole, label: string, lives: Lives): RoleControl {
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
      if (pid === undefined) return;
      if (!harmless.includes(signal)) lives.endIsMeant();
      sendSignal(pid, signal);
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
    restart(environment = {}) {
      lives.endIsMeant();
      if (environment.SLUICE_FAILPOINT) lives.nextEndIsMeant();
      return supervised.restart(environment, stopDeadlineMs);
    },
    takeLost: lives.takeLost,
  };
}
