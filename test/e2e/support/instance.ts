import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopLeftovers, TRACES } from '../../../src/services/leftovers.ts';
import { isAlive, processesIn, sendSignal } from '../../../src/services/processes.ts';
import { type RunFile, readRunFile } from '../../../src/start/run-file.ts';
import { builtCommand } from '../../support/build.ts';
import { until } from '../../support/wait.ts';
import { type Ended, type Environment, environmentWith, sluice } from './command.ts';

const startMs = 60_000;

/** A `sluice up` that is ready. */
export interface Instance {
  readonly folder: string;
  readonly pid: number;
  /** What `.sluice/run.json` says now. */
  run(): RunFile;
  /** Everything it has printed so far. */
  output(): string;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
  /** Sends a signal to the process alone, or to its whole group as a terminal does. */
  signal(signal: NodeJS.Signals, to?: 'process' | 'group'): void;
  /** The servers that run in its folder, by what the operating system says. */
  servers(): number[];
  /** Runs `sluice …` in its folder. */
  sluice(...args: string[]): Promise<Ended>;
}

/** Folders to start instances in, for one test file. */
export interface Folders {
  create(): string;
  /** Starts `sluice up` in a folder. */
  launch(folder: string, env?: Environment): Promise<Instance>;
  /** The same, and resolves when it says that it is ready. */
  up(folder: string, env?: Environment): Promise<Instance>;
  /** Ends every instance that still runs and removes the folders. */
  close(): Promise<void>;
}

export function createFolders(): Folders {
  const folders: string[] = [];
  const instances: Instance[] = [];
  const pids = new Set<number>();

  async function launch(folder: string, env: Environment = {}): Promise<Instance> {
    const child = spawn(process.execPath, [await builtCommand(), 'up'], {
      cwd: folder,
      detached: true,
      env: environmentWith(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const exited = new Promise<number | NodeJS.Signals | null>((resolve) =>
      child.once('exit', (code, signal) => resolve(code ?? signal)),
    );
    const pid = child.pid as number;
    const run = () => {
      const file = readRunFile(folder);
      if (!file) throw new Error(`there is no run file in ${folder}; the output so far:\n${output}`);
      for (const process of [...file.processes, ...file.services]) pids.add(process.pid);
      return file;
    };
    const instance: Instance = {
      folder,
      pid,
      run,
      output: () => output,
      exited,
      signal: (signal, to = 'process') => sendSignal(to === 'group' ? -pid : pid, signal),
      servers: () =>
        Object.values(TRACES).flatMap(({ folder: own, processNames }) =>
          processesIn(join(folder, '.sluice', own), processNames),
        ),
      sluice: (...args) => sluice(args, { cwd: folder }),
    };
    instances.push(instance);
    return instance;
  }

  async function up(folder: string, env?: Environment): Promise<Instance> {
    const instance = await launch(folder, env);
    await until(() => !isAlive(instance.pid) || instance.output().includes('Ctrl-C stops everything'), {
      deadlineMs: startMs,
      what: `sluice up in ${folder}`,
    });
    if (!isAlive(instance.pid)) throw new Error(`sluice up ended:\n${instance.output()}`);
    instance.run();
    return instance;
  }

  return {
    launch,
    up,

    create() {
      const folder = mkdtempSync(join(realpathSync(tmpdir()), 'sluice-e2e-'));
      // The database server runs as a user of its own and must be able to pass through.
      chmodSync(folder, 0o711);
      folders.push(folder);
      return folder;
    },

    async close() {
      for (const instance of instances) {
        if (isAlive(instance.pid)) instance.signal('SIGKILL');
        await instance.exited;
      }
      for (const pid of pids) if (isAlive(pid)) sendSignal(pid, 'SIGKILL');
      for (const folder of folders) {
        await stopLeftovers(join(folder, '.sluice'), () => undefined);
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Resolves when none of the processes is left. */
export async function untilGone(pids: readonly number[], deadlineMs: number): Promise<void> {
  await until(() => pids.every((pid) => !isAlive(pid)), {
    deadlineMs,
    what: `the processes ${pids.join(', ')} to end`,
  });
}

/** Every process that a run file names. */
export function pidsOf(run: RunFile): number[] {
  return [...run.processes, ...run.services].map(({ pid }) => pid);
}
