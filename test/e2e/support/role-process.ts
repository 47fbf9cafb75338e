import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { builtCommand } from '../../support/build.ts';
import { type Environment, environmentWith } from './command.ts';

/** A role as a process of its own. */
export interface RoleProcess {
  readonly pid: number;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
}

/**
 * Starts `sluice …` and resolves when it says that it is ready.
 * @throws with all it said, where it ends before that
 */
export async function startRoleProcess(
  args: readonly string[],
  { cwd, env }: { cwd: string; env: Environment },
): Promise<RoleProcess> {
  const child: ChildProcess = spawn(process.execPath, [await builtCommand(), ...args], {
    cwd,
    env: environmentWith(env),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? signal)),
  );
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
  };
  const lines: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface(child.stderr!).on('line', (line) => {
      lines.push(line);
      if (line.includes('"msg":"ready"')) resolve();
    });
    void exited.then((how) => reject(new Error(`${args.join(' ')} ended (${how}):\n${lines.join('\n')}`)));
  });
  return {
    pid: child.pid as number,
    exited,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}
