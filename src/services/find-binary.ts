import { accessSync, constants, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type BinaryName = 'postgres' | 'rabbitmq-server' | 'epmd' | 'redis-server' | 'prometheus';

/** All installed binaries of that name, the preferred one first. */
export type BinaryFinder = (name: BinaryName) => string[];

/** Used where the caller does not hand in the PATH of its environment. */
export const DEFAULT_SEARCH_PATH =
  '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin:/opt/homebrew/sbin';

/** Finds binaries in `searchPath` and where distributions keep those that are not in it. */
export function createBinaryFinder(searchPath: string = DEFAULT_SEARCH_PATH): BinaryFinder {
  const inPath = searchPath.split(':').filter((folder) => folder.startsWith('/'));
  return (name) => {
    const folders = [...foldersBefore(name), ...inPath, ...foldersAfter(name)];
    const found = folders.map((folder) => join(folder, name)).filter(isUsable);
    if (name !== 'postgres') return [...new Set(found)];
    // A link may stand alone in a folder of the PATH; initdb is beside the binary itself.
    const resolved = found.map((file) => realpathSync(file));
    return [...new Set(resolved)].filter((file) => isUsable(join(dirname(file), 'initdb')));
  };
}

function foldersBefore(name: BinaryName): string[] {
  return name === 'rabbitmq-server' ? ['/usr/lib/rabbitmq/bin'] : [];
}

function foldersAfter(name: BinaryName): string[] {
  if (name === 'postgres') {
    return [
      ...versioned('/usr/lib/postgresql', (version) => version),
      ...versioned('/opt/homebrew/opt', (entry) => /^postgresql@(.+)$/.exec(entry)?.[1]),
      ...versioned('/usr/local/opt', (entry) => /^postgresql@(.+)$/.exec(entry)?.[1]),
    ];
  }
  if (name === 'rabbitmq-server') return ['/opt/homebrew/sbin', '/usr/local/sbin'];
  if (name === 'epmd') return ['/usr/lib/erlang/bin'];
  return [];
}

function versioned(parent: string, versionOf: (entry: string) => string | undefined): string[] {
  let entries: string[];
  try {
    entries = readdirSync(parent);
  } catch {
    return [];
  }
  return entries
    .map((entry) => ({ entry, version: Number.parseFloat(versionOf(entry) ?? '') }))
    .filter(({ version }) => Number.isFinite(version))
    .sort((a, b) => b.version - a.version)
    .map(({ entry }) => join(parent, entry, 'bin'));
}

function isUsable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    if (!statSync(file).isFile()) return false;
    // Debian's /usr/sbin/rabbitmq-server changes user and folders: it cannot run a private server.
    return !realpathSync(file).endsWith('rabbitmq-script-wrapper');
  } catch {
    return false;
  }
}
