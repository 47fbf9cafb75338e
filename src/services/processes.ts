import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !isZombie(pid);
}

/** Tells two processes that were given the same pid one after the other apart; `undefined` when there is none. */
export function startMark(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') return statFields(pid)[19];
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

/**
 * The processes with one of these names that work in exactly this folder. Each private server has a
 * folder of its own as its working directory, so this finds it, and its children, without trusting a
 * pid file, and never finds a server that Sluice did not start.
 */
export function processesIn(folder: string, names: readonly string[]): number[] {
  let real: string;
  try {
    real = realpathSync(folder);
  } catch {
    return [];
  }
  return process.platform === 'linux' ? fromProc(real, names) : fromPs(real, names);
}

/** Asks the processes to stop, waits, and kills what is still there after `graceMs`. Resolves when all are gone. */
export async function stopProcesses(
  list: () => number[],
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<void> {
  for (const pid of list()) sendSignal(pid, signal);
  const graceEnd = Date.now() + graceMs;
  while (list().length > 0 && Date.now() < graceEnd) await sleep(POLL_MS);
  // A killed process that hangs in the kernel (a dead disk) must not hang us too.
  const killEnd = Date.now() + 2000;
  for (let left = list(); left.length > 0 && Date.now() < killEnd; left = list()) {
    for (const pid of left) sendSignal(pid, 'SIGKILL');
    await sleep(POLL_MS);
  }
}

/** Sends a signal; a process that is already gone is no error. A negative pid names a process group. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function fromProc(folder: string, names: readonly string[]): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
        return names.includes(name) && readlinkSync(`/proc/${pid}/cwd`) === folder && !isZombie(pid);
      } catch {
        return false;
      }
    });
}

function fromPs(folder: string, names: readonly string[]): number[] {
  const rows = execFileSync('ps', ['-axo', 'pid=,comm='], { encoding: 'utf8' }).split('\n');
  return rows
    .map((row) => /^\s*(\d+)\s+(.*)$/.exec(row))
    .filter((match) => match !== null && names.some((name) => match[2]?.split('/').pop() === name))
    .map((match) => Number(match?.[1]))
    .filter((pid) => {
      try {
        const found = execFileSync('lsof', ['-a', '-p', String(pid), '-d', 'cwd', '-Fn'], {
          encoding: 'utf8',
        });
        return found.split('\n').includes(`n${folder}`);
      } catch {
        return false;
      }
    });
}

function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return statFields(pid)[0] === 'Z';
  } catch {
    return true;
  }
}

/** The fields of /proc/PID/stat from the third (state) on: the second may hold spaces and brackets. */
function statFields(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
