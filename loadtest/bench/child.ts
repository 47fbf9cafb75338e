import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { roomForOrders } from '../../src/start/heap-room.ts';

/** What a child process does: starts, says so by resolving, and can be stopped. */
export type ChildPart<Settings> = (
  settings: Settings,
  send: (message: object) => void,
) => Promise<{ readonly url?: string; stop(): Promise<void> }>;

export interface Child {
  readonly pid: number;
  /** Resolves with the URL it serves, if it serves one; rejects when it could not start. */
  readonly ready: Promise<string | undefined>;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  /** Asks it to finish its work, kills it after a while. Idempotent. */
  stop(): Promise<void>;
}

const stopDeadlineMs = 10_000;
const entry = fileURLToPath(new URL('./cli.js', import.meta.url));

type ChildMessage =
  | { readonly type: 'ready'; readonly url?: string }
  | { readonly type: 'failed'; readonly message: string };

/** Starts the part called `name` of the bench in a Node process of its own. */
export function startChild(
  name: string,
  settings: object,
  onMessage: (message: unknown) => void = () => {},
): Child {
  const child = fork(entry, ['part', name], {
    // The same room as Sluice's own roles have, or a comparison would be one of collectors.
    execArgv: [...process.execArgv, ...roomForOrders],
    // A group of its own: Ctrl-C reaches the bench, which stops its children in order.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ready = new Promise<string | undefined>((resolve, reject) => {
    child.once('error', reject);
    child.on('message', (message: ChildMessage) => {
      if (message.type === 'ready') resolve(message.url);
      else if (message.type === 'failed') reject(new Error(`${name}: ${message.message}`));
      else onMessage(message);
    });
    child.once('exit', (code, signal) => reject(new Error(`${name} ended with ${code ?? signal}`)));
  });
  ready.catch(() => {});
  child.send(settings);
  return {
    pid: child.pid!,
    ready,
    ended,
    async stop() {
      if (child.connected) child.disconnect();
      const late = setTimeout(() => child.kill('SIGKILL'), stopDeadlineMs);
      await ended;
      clearTimeout(late);
    },
  };
}

/** The child's side: runs the part until the parent lets go of it, or dies. */
export async function runChild(part: ChildPart<never>): Promise<void> {
  const send = (message: object) => void process.send?.(message);
  const settings = await new Promise<never>((resolve) => process.once('message', (m) => resolve(m as never)));
  const gone = new Promise<void>((resolve) => process.once('disconnect', () => resolve()));
  try {
    const running = await part(settings, send);
    send({ type: 'ready', ...(running.url === undefined ? {} : { url: running.url }) });
    if (process.connected) await gone;
    await running.stop();
  } catch (error) {
    send({ type: 'failed', message: (error as Error).message });
    process.exitCode = 1;
    if (process.connected) process.disconnect();
  }
}
