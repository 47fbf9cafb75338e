import { usageOf } from '../watch/process-usage.ts';
import type { RoleControl } from './fault.ts';
import type { RoleMemory } from './result.ts';

type Phase = 'before' | 'during' | 'after';

/** Resident memory of the roles, and of the load itself, looked at again and again. */
export interface MemoryWatch {
  /** Takes one look at all; of several in a phase the largest counts. */
  readonly look: (phase: Phase) => Promise<void>;
  readonly result: () => readonly RoleMemory[];
}

export function watchMemory(roles: readonly RoleControl[]): MemoryWatch {
  const most = new Map<string, Partial<Record<Phase, number>>>();

  async function lookAt(label: string, pid: number | undefined, phase: Phase): Promise<void> {
    const usage = pid === undefined ? undefined : await usageOf(pid);
    const seen = most.get(label) ?? {};
    most.set(label, seen);
    if (usage) seen[phase] = Math.max(seen[phase] ?? 0, usage.rssBytes / 2 ** 20);
  }

  return {
    async look(phase) {
      await Promise.all(roles.map((role) => lookAt(role.label, role.pid(), phase)));
    },
    result: () =>
      [...most].map(([label, seen]) => ({
        label,
        beforeMiB: rounded(seen.before),
        duringMiB: rounded(seen.during),
        afterMiB: rounded(seen.after),
      })),
  };
}

function rounded(mebibytes: number | undefined): number | null {
  return mebibytes === undefined ? null : Math.round(mebibytes);
}
