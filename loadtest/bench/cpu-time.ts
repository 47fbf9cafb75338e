import { readFile } from 'node:fs/promises';
import type { RunFile } from '../instance/run-file.ts';

/** Processes whose CPU is measured, by the name they have in the results. */
export type Processes = Readonly<Record<string, number>>;

/** CPU seconds used so far, by the same names. */
export type CpuTimes = Readonly<Record<string, number>>;

const ticksPerSecond = 100;

/** Those of an instance, without the one that only watches. */
export function sluiceProcesses({ processes, services }: RunFile): Processes {
  return Object.fromEntries([
    ...processes.map(({ role, pid }) => [role, pid] as const),
    ...services.filter(({ name }) => name !== 'prometheus').map(({ name, pid }) => [name, pid] as const),
  ]);
}

/** Reads `/proc`; a process that is not there, or a machine without `/proc`, counts as nothing. */
export async function readCpuTimes(processes: Processes): Promise<CpuTimes> {
  const entries = Object.entries(processes).map(
    async ([name, pid]) => [name, await cpuSeconds(pid)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** What was used between two readings, in µs for each of `orders`. */
export function cpuPerOrder(before: CpuTimes, after: CpuTimes, orders: number): Record<string, number> {
  const micros = Object.entries(after).map(([name, seconds]) => {
    const used = seconds - (before[name] ?? 0);
    return [name, orders > 0 ? Math.round((used * 1e7) / orders) / 10 : 0] as const;
  });
  return Object.fromEntries(micros.filter(([, used]) => used > 0));
}

/**
 * User and system time of a process, of its living children (PostgreSQL is many), and of those it has waited for,
 * so that a child that ends between two readings is not lost.
 */
async function cpuSeconds(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const living = children.trim().split(' ').filter(Boolean).map(Number);
  const [own, ...theirs] = await Promise.all([pid, ...living].map(readStat));
  const ticks =
    (own?.own ?? 0) + (own?.waitedFor ?? 0) + theirs.reduce((sum, stat) => sum + (stat?.own ?? 0), 0);
  return ticks / ticksPerSecond;
}

async function readStat(pid: number): Promise<{ own: number; waitedFor: number } | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The name in parentheses may hold spaces; the fields are counted from behind it (proc(5): 14 to 17).
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  return { own: fields[11]! + fields[12]!, waitedFor: fields[13]! + fields[14]! };
}
