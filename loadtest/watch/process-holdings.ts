import { readdir, readFile, readlink } from 'node:fs/promises';

/** What a process holds of the operating system, its direct children included. */
export interface Holdings {
  readonly descriptors: number;
  /** Established TCP connections. */
  readonly connections: number;
}

/**
 * Reads `/proc`; undefined where there is none, the process is gone, or it belongs to somebody else.
 *
 * @param established what {@link establishedSockets} said just before
 */
export async function holdingsOf(
  pid: number,
  established: ReadonlySet<string>,
): Promise<Holdings | undefined> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const pids = [pid, ...children.trim().split(' ').filter(Boolean).map(Number)];
  const [own, ...others] = await Promise.all(pids.map((each) => holdingsOfOne(each, established)));
  if (own === undefined) return undefined;
  return others.reduce<Holdings>(
    (sum, other) => ({
      descriptors: sum.descriptors + (other?.descriptors ?? 0),
      connections: sum.connections + (other?.connections ?? 0),
    }),
    own,
  );
}

async function holdingsOfOne(pid: number, established: ReadonlySet<string>): Promise<Holdings | undefined> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => undefined);
  if (names === undefined) return undefined;
  const links = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => '')));
  return {
    descriptors: names.length,
    connections: links.filter((link) => established.has(link)).length,
  };
}

/** Those of this machine, as their descriptors link to them: `socket:[inode]`. */
export async function establishedSockets(): Promise<Set<string>> {
  const sockets = new Set<string>();
  for (const table of ['tcp', 'tcp6']) {
    const lines = await readFile(`/proc/net/${table}`, 'utf8').catch(() => '');
    for (const line of lines.split('\n').slice(1)) {
      // proc_pid_net(5): the fourth field is the state, 01 for established, the tenth the inode.
      const fields = line.trim().split(/\s+/);
      if (fields[3] === '01') sockets.add(`socket:[${fields[9]}]`);
    }
  }
  return sockets;
}
