import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { answers, type RunFile, readRunFile } from './run-file.ts';

export interface OwnInstanceOptions {
  /** Path of the compiled `src/cli.js`. */
  readonly cli: string;
  readonly env: NodeJS.ProcessEnv;
  readonly gateways: number;
  readonly drainers: number;
  /** What the instance says goes there. */
  readonly logFile: string;
  readonly signal: AbortSignal;
}

export interface OwnInstance {
  readonly folder: string;
  readonly runFile: RunFile;
  /** SIGINT, waits for the exit, removes the folder. Idempotent. */
  readonly stop: () => Promise<void>;
}

/** An environment for an instance that starts its servers itself and runs no followers, whatever is set here. */
export function ownEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { DATABASE_URL, AMQP_URL, REDIS_URL, ...given } = env;
  return { ...given, FOLLOWERS: 'none' };
}

/** `sluice up` ended, or was not ready in time. */
export class InstanceStartError extends Error {
  readonly code = 'INSTANCE_START_FAILED';
}

const START_DEADLINE_MS = 120_000;
const STOP_DEADLINE_MS = 60_000;
const POLL_MS = 100;

/**
 * Starts `sluice up` on free ports in a new folder of its own, and waits until it is ready.
 * @throws {InstanceStartError}
 */
export async function startOwnInstance(options: OwnInstanceOptions): Promise<OwnInstance> {
  const { cli, env, gateways, drainers, logFile, signal } = options;
  const folder = await mkdtemp(join(tmpdir(), 'sluice-loadtest-'));
  // Private PostgreSQL runs as another user where this process is root, and must reach its data below.
  await chmod(folder, 0o755);
  const child = spawn(process.execPath, [cli, 'up'], {
    cwd: folder,
    env: { ...env, GATEWAYS: String(gateways), DRAINERS: String(drainers), PORT: '0', OPS_PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C reaches the load test, which stops the instance after the report.
    detached: true,
  });
  const output = createWriteStream(logFile);
  child.stdout!.pipe(output, { end: false });
  child.stderr!.pipe(output, { end: false });
  const stop = createStop(child, folder, () => output.end());
  try {
    return { folder, runFile: await waitUntilReady(child, folder, logFile, signal), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function waitUntilReady(
  child: ChildProcess,
  folder: string,
  logFile: string,
  signal: AbortSignal,
): Promise<RunFile> {
  const deadline = Date.now() + START_DEADLINE_MS;
  while (Date.now() < deadline) {
    signal.throwIfAborted();
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new InstanceStartError(
        `sluice up ended with ${child.exitCode ?? child.signalCode}; see ${logFile}`,
      );
    }
    const runFile = await readRunFile(folder);
    if (runFile !== undefined && (await answers(new URL('/livez', runFile.gatewayUrl)))) return runFile;
    await delay(POLL_MS);
  }
  throw new InstanceStartError(
    `sluice up was not ready after ${START_DEADLINE_MS / 1_000} s; see ${logFile}`,
  );
}

function createStop(child: ChildProcess, folder: string, whenStopped: () => void): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  return () => {
    stopping ??= (async () => {
      const running = child.pid !== undefined && child.exitCode === null && child.signalCode === null;
      if (running) {
        const exited = once(child, 'exit');
        child.kill('SIGINT');
        const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
        await exited;
        clearTimeout(timer);
      }
      whenStopped();
      await rm(folder, { recursive: true, force: true });
    })();
    return stopping;
  };
}
