import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { SluiceCommand } from '../instance/sluice-command.ts';

/** The followers that `npm start` runs. */
const names = ['loyalty', 'ranking'] as const;

export interface Followers {
  readonly processes: Readonly<Record<string, number>>;
  /** Ends them, and takes their queues away, so that nobody's events are kept for them. */
  stop(): Promise<void>;
}

/** Starts the followers of an instance that runs without any. @throws where one ends before it is ready */
export async function startFollowers(
  { cli, folder, env }: SluiceCommand,
  broker: { readonly amqpUrl: string; readonly amqpManagementUrl: string },
): Promise<Followers> {
  const children = names.map((name) =>
    fork(cli, ['follower', name], {
      cwd: folder,
      env: { ...env, LOG_LEVEL: 'error' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    }),
  );
  const stop = async () => {
    await Promise.all(children.map(end));
    await deleteQueues(broker);
  };
  try {
    await Promise.all(children.map(untilReady));
  } catch (error) {
    await stop();
    throw error;
  }
  return { processes: Object.fromEntries(children.map(({ pid }, i) => [names[i]!, pid!])), stop };
}

async function untilReady(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a follower ended with ${code}`);
  });
  await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => {});
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

async function deleteQueues(broker: { amqpUrl: string; amqpManagementUrl: string }): Promise<void> {
  const { username, password, pathname } = new URL(broker.amqpUrl);
  const headers = { authorization: `Basic ${btoa(`${username || 'guest'}:${password || 'guest'}`)}` };
  const vhost = pathname.length > 1 ? pathname.slice(1) : '%2F';
  const { origin } = new URL(broker.amqpManagementUrl);
  const queues = `${origin}/api/queues/${vhost}`;
  const listed = (await (await fetch(queues, { headers })).json()) as { name: string }[];
  for (const { name } of listed) {
    if (!names.some((follower) => name.startsWith(`sluice.follower.${follower}`))) continue;
    await fetch(`${queues}/${encodeURIComponent(name)}`, { method: 'DELETE', headers });
  }
}
