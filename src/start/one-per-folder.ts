import { join } from 'node:path';
import { systemClock } from '../platform/clock.ts';
import { holderOf } from '../services/data-folder.ts';
import { isAlive } from '../services/processes.ts';
import { dataFolder, readRunFile, removeRunFile } from './run-file.ts';

/** Another instance runs in this folder. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
  readonly code = 'already-running';
}

/** One living process may hold the folder; a run file without its writer is a crash's leftover. */
export function refuseSecond(folder: string): void {
  const holder = holderOf(join(folder, dataFolder));
  if (holder === undefined) return;
  const url = readRunFile(folder)?.gatewayUrl;
  throw new AlreadyRunningError(
    `Sluice runs in this folder already (pid ${holder}${url ? `, ${url}` : ''}); stop it first, or use another folder`,
  );
}

/** The roles of an `up` that was killed end by themselves; until then they hold their ports. */
export async function untilRolesEnded(
  folder: string,
  patienceMs: number,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const left = () => (readRunFile(folder)?.processes ?? []).filter(({ pid }) => isAlive(pid));
  const endsAtMs = Date.now() + patienceMs;
  if (left().length > 0) {
    log(`waiting for ${left().length} roles of an earlier run, which was killed, to end`);
    // Past the deadline it is none of ours: the number belongs to another process by now.
    while (left().length > 0 && Date.now() < endsAtMs) {
      await systemClock.sleep(100, signal);
      signal.throwIfAborted();
    }
  }
  removeRunFile(folder);
}
