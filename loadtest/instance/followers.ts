import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createManagement, type ManagementOptions } from '../../src/queue/management.ts';
import type { SluiceCommand } from './sluice-command.ts';

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
  broker: ManagementOptions,
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
    await removeQueues(broker);
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

async function removeQueues(broker: ManagementOptions): Promise<void> {
  const management = createManagement(broker);
  const queues = await management.queuesNamed(`^sluice\\.follower\\.(${names.join('|')})(\\.|$)`);
  for (const { name } of queues) await management.removeQueue(name);
}
