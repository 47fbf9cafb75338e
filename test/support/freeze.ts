import { readdirSync, readFileSync } from 'node:fs';
import { until } from './wait.ts';

/**
 * Stops a process as SIGSTOP does, and resolves once none of its threads runs: on a busy machine the signal finds
 * them some time later, and a server goes on answering until then.
 */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await until(() => readdirSync(`/proc/${pid}/task`).every((thread) => isStopped(pid, thread)), {
    deadlineMs: 20_000,
    what: `process ${pid} to stop`,
  });
}

function isStopped(pid: number, thread: string): boolean {
  const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}
