import { createHash } from 'node:crypto';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canReach, type ServerUser } from './server-user.ts';

/**
 * The folder that holds the database, owned by `user`: `postgres` in the data folder where that user can
 * reach it, else one elsewhere on the machine, to which a symbolic link of that name then points.
 */
export function databaseFolder(
  dataDir: string,
  user: ServerUser | undefined,
  log: (line: string) => void,
  homes: readonly string[] = ['/var/lib', tmpdir()],
): string {
  const here = join(dataDir, 'postgres');
  const pointer = readPointer(here);
  if (pointer === undefined) {
    own(here, user);
    if (user === undefined || canReach(here, user)) return here;
  } else if (user !== undefined && isOurs(pointer, dataDir)) {
    own(pointer, user);
    writeFileSync(join(pointer, ORIGIN), dataDir);
    if (canReach(pointer, user)) return pointer;
  }
  if (user === undefined)
    throw new Error(
      `${here} points to ${pointer}, made by root: start as root, or remove the link for an empty database`,
    );
  const elsewhere = takeElsewhere(dataDir, user, homes);
  rmSync(here, { recursive: true, force: true });
  symlinkSync(elsewhere, here);
  log(`PostgreSQL's user cannot reach ${dataDir}: its data is in ${elsewhere}`);
  return elsewhere;
}

const ORIGIN = 'belongs-to';

function readPointer(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(path) : undefined;
}

/** False for the link in a copied data folder: following it would run two servers on one database. */
function isOurs(target: string, dataDir: string): boolean {
  try {
    const origin = readFileSync(join(target, ORIGIN), 'utf8');
    return origin === dataDir || !existsSync(origin);
  } catch {
    return false;
  }
}

function takeElsewhere(dataDir: string, user: ServerUser, homes: readonly string[]): string {
  const name = `sluice-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`;
  for (const home of homes) {
    const folder = join(home, name);
    try {
      // Without a link to it, it is left over from a data folder of this path that was removed:
      // an old ledger must not meet an empty queue.
      rmSync(folder, { recursive: true, force: true });
      own(folder, user);
      writeFileSync(join(folder, ORIGIN), dataDir);
      if (canReach(folder, user)) return folder;
    } catch {}
  }
  throw new Error(`no folder for PostgreSQL's data that its user can reach (tried ${homes.join(', ')})`);
}

function own(folder: string, user: ServerUser | undefined): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
}
