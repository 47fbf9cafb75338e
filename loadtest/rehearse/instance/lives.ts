import type { RoleControl } from '../fault.ts';

/** The processes that a role has been, one after the other, and which of them ended without having been told to. */
export interface Lives {
  /** Which process runs now, `undefined` for none; to be told at every change. */
  readonly running: (pid: number | undefined) => void;
  /** The process that runs is about to be ended on purpose. */
  readonly endIsMeant: () => void;
  /** The process that runs next will end on purpose: it dies at a failpoint. */
  readonly nextEndIsMeant: () => void;
  /** Those that ended by themselves since this was last asked. */
  readonly takeLost: () => readonly number[];
}

/**
 * Counts ends, not differences between two looks: the supervisor may have started a role again before anybody looks,
 * and a role that a fault killed may die once more on its own.
 */
export function watchLives(): Lives {
  let current: number | undefined;
  let meant = false;
  let nextMeant = false;
  let lost: number[] = [];
  return {
    running(pid) {
      if (pid === current) return;
      if (current !== undefined && !meant) lost.push(current);
      current = pid;
      if (pid === undefined) return;
      meant = nextMeant;
      nextMeant = false;
    },
    endIsMeant() {
      meant = true;
    },
    nextEndIsMeant() {
      nextMeant = true;
    },
    takeLost() {
      const taken = lost;
      lost = [];
      return taken;
    },
  };
}

/** A sentence for each process that ended by itself since this was last asked. */
export function tellLost(roles: readonly RoleControl[]): string[] {
  return roles.flatMap(({ label, takeLost }) =>
    takeLost().map((pid) => `${label} (pid ${pid}) ended by itself, and no fault had ended it`),
  );
}
