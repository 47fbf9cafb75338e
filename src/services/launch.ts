import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { openLog } from './log-file.ts';

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited, so that no setting of the shell changes a server. */
  readonly env: Readonly<Record<string, string>>;
  /** Working directory: the server's own folder, by which `processesIn` knows it. */
  readonly cwd: string;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

export interface Launched {
  readonly pid: number;
  /** Resolves with a readable reason when the process has ended. */
  readonly exited: Promise<string>;
  hasExited(): boolean;
}

/** Starts a process in a process group of its own, its output appended to `logFile`. Rejects when it cannot be executed. */
export async function launch(what: Launch, logFile: string): Promise<Launched> {
  const out = openLog(logFile);
  let child: ChildProcess;
  try {
    child = spawn(what.command, what.args, {
      cwd: what.cwd,
      env: what.env,
      detached: true,
      stdio: ['ignore', out, out],
      ...what.user,
    });
  } finally {
    closeSync(out);
  }
  let ended = false;
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = true;
      resolve(signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return { pid: child.pid as number, exited, hasExited: () => ended };
}
