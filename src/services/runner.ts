import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isPortFree } from '../platform/free-port.ts';
import { type Launched, launch } from './launch.ts';
import { processesIn, sendSignal, stopProcesses } from './processes.ts';
import type { Server } from './server.ts';
import { ServiceError } from './service-error.ts';

const READY_POLL_MS = 25;
const START_DEADLINE_MS = 60_000;
const CHILDREN_GRACE_MS = 1000;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 5000;
/** A server that ran this long before it died is restarted without delay. */
const STEADY_MS = 30_000;

export interface Runner {
  /** Resolves when the server answers. Rejects with a `ServiceError`. */
  start(): Promise<void>;
  /**
   * Resolves when none of the server's processes is left, killing them at the deadline; called again with 0, while it
   * still waits, it kills them at once.
   */
  stop(deadlineMs: number): Promise<void>;
  /** The server's pid while it runs. */
  pid(): number | undefined;
}

/** Runs one server: starts it, keeps it running where `supervise` is set, stops it. */
export function createRunner(use: {
  server: Server;
  supervise: boolean;
  log: (line: string) => void;
  onRestart: (pid: number) => void;
}): Runner {
  const { server, log } = use;
  const stopping = new AbortController();
  const hurried = new AbortController();
  let current: Launched | undefined;
  let working: Promise<void> = Promise.resolve();
  let stopped: Promise<void> | undefined;

  async function startOnce(): Promise<void> {
    let logStart = 0;
    try {
      await stopProcesses(listProcesses, server.stopSignal, CHILDREN_GRACE_MS);
      for (const port of server.ports()) {
        if (!(await isPortFree(port))) throw new Error(`port ${port} is taken by another process`);
      }
      logStart = statSync(server.logFile, { throwIfNoEntry: false })?.size ?? 0;
      stopping.signal.throwIfAborted();
      await server.prepare(stopping.signal);
      stopping.signal.throwIfAborted();
      current = await launch(server.launch(), server.logFile);
      await waitUntilReady(current);
    } catch (error) {
      await killAll();
      if (stopping.signal.aborted)
        throw new ServiceError('service-stopped', `${server.title} was stopped while it started`);
      throw startFailure(server, logStart, error);
    }
  }

  async function waitUntilReady(child: Launched): Promise<void> {
    const deadline = Date.now() + START_DEADLINE_MS;
    for (;;) {
      stopping.signal.throwIfAborted();
      if (child.hasExited()) throw new Error(`it ended with ${await child.exited}`);
      if (await server.isReady()) {
        if (!child.hasExited()) return;
      }
      if (Date.now() > deadline) throw new Error(`it did not answer within ${START_DEADLINE_MS / 1000} s`);
      await sleep(READY_POLL_MS);
    }
  }

  async function superviseLoop(): Promise<void> {
    let backoffMs = BACKOFF_FIRST_MS;
    for (;;) {
      const child = current as Launched;
      const startedAt = Date.now();
      const reason = await child.exited;
      current = undefined;
      if (stopping.signal.aborted) return;
      if (Date.now() - startedAt > STEADY_MS) backoffMs = BACKOFF_FIRST_MS;
      log(`${server.title} (pid ${child.pid}) died (${reason}); starting it again on port ${server.port()}`);
      for (;;) {
        try {
          await sleep(backoffMs, undefined, { signal: stopping.signal });
          backoffMs = Math.min(backoffMs * 2, BACKOFF_MAX_MS);
          await startOnce();
          break;
        } catch (error) {
          if (stopping.signal.aborted) return;
          log(`${(error as Error).message}\nnext attempt in ${backoffMs} ms`);
        }
      }
      const pid = (current as Launched | undefined)?.pid ?? 0;
      log(`${server.title} is back on port ${server.port()} (pid ${pid})`);
      tell(pid);
    }
  }

  /** What fails in those who are told is not the server's, which runs. */
  function tell(pid: number): void {
    try {
      use.onRestart(pid);
    } catch (error) {
      log(`what follows the return of ${server.title} failed: ${(error as Error).message}`);
    }
  }

  function listProcesses(): number[] {
    return processesIn(server.folder, server.processNames);
  }

  async function killAll(): Promise<void> {
    if (current !== undefined && !current.hasExited()) sendSignal(-current.pid, 'SIGKILL');
    await current?.exited;
    current = undefined;
    await stopProcesses(listProcesses, 'SIGKILL', 0);
  }

  async function stop(deadlineMs: number): Promise<void> {
    const deadline = Date.now() + deadlineMs;
    stopping.abort();
    const child = current;
    if (child !== undefined && !child.hasExited()) {
      sendSignal(child.pid, server.stopSignal);
      const outcome = await Promise.race([
        child.exited,
        sleep(Math.max(0, deadline - Date.now()), 'late' as const, {
          ref: false,
          signal: hurried.signal,
        }).catch(() => 'hurried' as const),
      ]);
      if (outcome === 'late' || outcome === 'hurried') {
        if (outcome === 'late' && deadlineMs > 0)
          log(`${server.title} (pid ${child.pid}) did not stop within ${deadlineMs} ms: killed`);
        sendSignal(-child.pid, 'SIGKILL');
        await child.exited;
      }
    }
    await working.catch(() => {});
    current = undefined;
    const graceMs = hurried.signal.aborted ? 0 : Math.max(0, Math.min(1000, deadline - Date.now()));
    await stopProcesses(listProcesses, 'SIGTERM', graceMs);
  }

  return {
    async start() {
      const starting = startOnce();
      working = starting;
      await starting;
      if (use.supervise) working = superviseLoop();
    },
    stop(deadlineMs) {
      if (stopped !== undefined && deadlineMs === 0) hurried.abort();
      stopped ??= stop(deadlineMs);
      return stopped;
    },
    pid: () => (current?.hasExited() ? undefined : current?.pid),
  };
}

function startFailure(server: Server, logStart: number, cause: unknown): ServiceError {
  const lastLine = lastLogLine(server.logFile, logStart);
  const said = lastLine === undefined ? '' : `\n  last line of its log: ${lastLine}`;
  const why = cause instanceof Error ? cause.message : String(cause);
  const wayOut = /is taken/.test(why)
    ? 'Stop that process, or choose another port.'
    : 'Mend what the log says and start again; to begin with empty data, stop Sluice and remove the data folder.';
  return new ServiceError(
    'service-start-failed',
    `${server.title} could not be started on port ${server.port()}: ${why}${said}\n  log: ${server.logFile}\n  data: ${server.folder}\n  ${wayOut}`,
    { service: server.service, logFile: server.logFile, cause },
  );
}

function lastLogLine(logFile: string, from: number): string | undefined {
  try {
    const fd = openSync(logFile, 'r');
    try {
      const size = statSync(logFile).size;
      const start = Math.max(from, size - 8192);
      const buffer = Buffer.alloc(Math.max(0, size - start));
      readSync(fd, buffer, 0, buffer.length, start);
      const lines = buffer
        .toString('utf8')
        .split('\n')
        .map((line) => line.trim());
      return lines.filter((line) => line !== '').at(-1);
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}
