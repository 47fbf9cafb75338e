import { readFile } from 'node:fs/promises';

/** What a process has used so far and holds now, its direct children included (PostgreSQL is many). */
export interface ProcessUsage {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4_096;

/** Reads `/proc`; undefined where there is none, or the process is gone. */
export async function usageOf(pid: number): Promise<ProcessUsage | undefined> {
  const own = await usageOfOne(pid);
  if (own === undefined) return undefined;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const usages = await Promise.all(
    children
      .trim()
      .split(' ')
      .filter(Boolean)
      .map((child) => usageOfOne(Number(child))),
  );
  return usages.reduce<ProcessUsage>(
    (sum, usage) => ({
      cpuSeconds: sum.cpuSeconds + (usage?.cpuSeconds ?? 0),
      rssBytes: sum.rssBytes + (usage?.rssBytes ?? 0),
    }),
    own,
  );
}

async function usageOfOne(pid: number): Promise<ProcessUsage | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The name in parentheses may hold spaces; the fields are counted from behind it (proc(5): 14, 15 and 24).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    rssBytes: Number(fields[21]) * PAGE_BYTES,
  };
}
