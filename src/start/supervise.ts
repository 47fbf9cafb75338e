import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import { createBackOff } from '../platform/back-off.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import { openLog, rotateLog } from '../services/log-file.ts';
import { roomForEvents, roomForOrders } from './heap-room.ts';
import type { ReadyMessage, RoleName } from './role.ts';
import type { RoleProcess } from './run-file.ts';

/** One role as a child process that is started again when it dies. */
export interface SupervisedRole extends Lifecycle {
  readonly role: RoleName;
  /** The running process, `undefined` while it is down. */
  process(): RoleProcess | undefined;
  /**
   * Stops the process in order, killing it at the deadline, and starts it at once with this environment over its
   * own, for that one life: when it ends it is started again without. Resolves when it is ready.
   */
  restart(environment: Readonly<Record<string, string>>, deadlineMs: number): Promise<void>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface SuperviseOptions {
  readonly role: RoleName;
  /** Which follower, for that role. */
  readonly name?: string;
  /** How people call it: `gateway 1`. */
  readonly label: string;
  /** Path of the command's entry file. */
  readonly entry: string;
  /** All of the process' environment. */
  readonly env: Environment;
  /** Receives the role's log lines; moved aside at a start where it is large. */
  readonly logFile: string;
  readonly log: (line: string) => void;
  /** Called when the role has become ready, again or for the first time, and when it has died. */
  readonly onChange: () => void;
  /** A role that ran this long before it died starts again with the shortest wait; default 10,000. */
  readonly steadyMs?: number;
}

const startDeadlineMs = 30_000;

/**
 * Starts a role in a process group of its own, so that a Ctrl-C reaches the supervisor alone. `start` resolves
 * when the role says it is ready, and rejects (`role-not-started`) when it dies before that, or could not be spawned.
 */
export function superviseRole(options: SuperviseOptions): SupervisedRole {
  const { steadyMs = 10_000 } = options;
  const named = options.name === undefined ? {} : { name: options.name };
  const backOff = createBackOff({ firstMs: 200, maxMs: 5_000 });
  // Counts the restarts on request: what was started before the last of them is nobody's business any more.
  let generation = 0;
  let child: ChildProcess | undefined;
  let running: RoleProcess | undefined;
  let stopping = false;
  let timer: NodeJS.Timeout | undefined;

  /** Resolves when the process is ready; rejects where it could not be spawned, and when it ends before that. */
  async function spawn(environment: Readonly<Record<string, string>> = {}): Promise<RoleProcess> {
    const mine = generation;
    const startedAtMs = Date.now();
    const spawned = await launch(environment).catch((error: Error) => {
      throw notStarted(`${options.label} could not be started: ${error.message}`);
    });
    if (options.role === 'follower') giveWay(spawned.pid);
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => spawned.kill('SIGKILL'), startDeadlineMs);
      spawned.on('error', (error) => options.log(`${options.label}: ${error.message}`));
      spawned.on('message', (message: ReadyMessage) => {
        if (message.type !== 'ready') return;
        clearTimeout(late);
        running = {
          role: options.role,
          ...named,
          pid: spawned.pid!,
          metricsUrl: message.metricsUrl,
          ...(message.url === undefined ? {} : { url: message.url }),
        };
        tell();
        resolve(running);
      });
      spawned.once('exit', (code, signal) => {
        clearTimeout(late);
        const wasReady = running !== undefined;
        running = undefined;
        child = undefined;
        tell();
        if (Date.now() - startedAtMs > steadyMs) backOff.reset();
        const how = `${options.label} ${signal ? `was ended by ${signal}` : `ended with exit code ${code}`}`;
        if (wasReady && !stopping && mine === generation) startAgain(how);
        reject(notStarted(`${how} before it was ready; its log: ${options.logFile}`));
      });
    });
  }

  async function launch(environment: Readonly<Record<string, string>>): Promise<ChildProcess> {
    rotateLog(options.logFile);
    const output = openLog(options.logFile);
    try {
      const launched = fork(options.entry, [options.role, ...Object.values(named)], {
        detached: true,
        execArgv: [...process.execArgv, ...(options.role === 'follower' ? roomForEvents : roomForOrders)],
        env: { ...options.env, ...environment },
        stdio: ['ignore', output, output, 'ipc'],
      });
      // Where there is no process there is an error, and never an exit: a stop would wait for it in vain.
      if (launched.pid === undefined) throw (await once(launched, 'error'))[0];
      child = launched;
      return launched;
    } finally {
      closeSync(output);
    }
  }

  /** What fails in those who are told is not the role's, which goes on. */
  function tell(): void {
    try {
      options.onChange();
    } catch (error) {
      options.log(`what follows a change of ${options.label} failed: ${(error as Error).message}`);
    }
  }

  function startAgain(how: string): void {
    const mine = generation;
    const waitMs = Math.round(backOff.nextMs());
    options.log(`${how}; starting it again in ${waitMs} ms`);
    timer = setTimeout(() => {
      spawn().then(
        ({ pid }) => options.log(`${options.label} is back (pid ${pid})`),
        (error: Error) => {
          if (!stopping && mine === generation) startAgain(error.message);
        },
      );
    }, waitMs);
  }

  async function end(deadlineMs: number): Promise<void> {
    const ending = child;
    if (!ending) return;
    const ended = new Promise<void>((resolve) => ending.once('exit', () => resolve()));
    ending.kill('SIGTERM');
    const late = setTimeout(() => ending.kill('SIGKILL'), deadlineMs);
    await ended;
    clearTimeout(late);
  }

  return {
    role: options.role,
    process: () => running,
    async start() {
      await spawn();
    },
    async restart(environment, deadlineMs) {
      generation += 1;
      clearTimeout(timer);
      await end(deadlineMs);
      await spawn(environment).catch((error: Error) => {
        if (!stopping) startAgain(error.message);
        throw error;
      });
    },
    async stop(deadlineMs) {
      stopping = true;
      clearTimeout(timer);
      await end(deadlineMs);
    },
  };
}

function notStarted(message: string): Error {
  return Object.assign(new Error(message), { code: 'role-not-started' });
}

/** Where followers share a machine with the order's path, it has the processor first: nobody waits for them. */
function giveWay(pid: number | undefined): void {
  try {
    const lower = getPriority() + constants.priority.PRIORITY_BELOW_NORMAL;
    if (pid !== undefined) setPriority(pid, Math.min(lower, constants.priority.PRIORITY_LOW));
  } catch {
    // It has ended already, which its exit says better.
  }
}
