import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rotateLog } from './log-file.ts';
import { isAlive, startMark } from './processes.ts';
import { ServiceError } from './service-error.ts';

export interface DataFolder {
  readonly path: string;
  /** Random, chosen once, stays when the folder is moved. */
  readonly id: string;
  /** A folder within, created where needed. */
  folder(name: string): string;
  logFile(name: string): string;
  /** Gives the folder free for another process. */
  release(): void;
}

/**
 * Creates the folder where needed and takes hold of it. Throws `data-folder-in-use` while another living
 * process holds it, `data-folder-unusable` where it cannot be written.
 */
export function openDataFolder(dataDir: string): DataFolder {
  try {
    return open(dataDir);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw new ServiceError(
      'data-folder-unusable',
      `the data folder ${dataDir} cannot be written: ${(error as Error).message}. Make room or mend its permissions, or start with another data folder.`,
      { cause: error },
    );
  }
}

function open(dataDir: string): DataFolder {
  // Others may pass through (the database server runs as its own user), not list.
  mkdirSync(dataDir, { recursive: true, mode: 0o711 });
  const path = realpathSync(dataDir);
  const lockFile = join(path, 'services.lock');
  hold(lockFile, path);
  mkdirSync(join(path, 'logs'), { recursive: true });
  return {
    path,
    id: identity(join(path, 'id')),
    folder(name) {
      const folder = join(path, name);
      mkdirSync(folder, { recursive: true });
      return folder;
    },
    logFile(name) {
      const file = join(path, 'logs', `${name}.log`);
      rotateLog(file);
      return file;
    },
    release: () => rmSync(lockFile, { force: true }),
  };
}

/** The pid of the living process that holds the data folder. */
export function holderOf(dataDir: string): number | undefined {
  try {
    const { pid, mark } = JSON.parse(readFileSync(join(dataDir, 'services.lock'), 'utf8'));
    return isAlive(pid) && startMark(pid) === mark ? pid : undefined;
  } catch {
    return undefined;
  }
}

function hold(lockFile: string, path: string): void {
  const mine = JSON.stringify({ pid: process.pid, mark: startMark(process.pid) });
  for (;;) {
    try {
      writeFileSync(lockFile, mine, { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = holderOf(path);
    if (holder !== undefined) {
      throw new ServiceError(
        'data-folder-in-use',
        `${path} is in use by the running process ${holder}. Stop that one first, or start this one with another data folder.`,
      );
    }
    rmSync(lockFile, { force: true });
  }
}

function identity(file: string): string {
  try {
    const id = readFileSync(file, 'utf8').trim();
    if (/^[0-9a-f]{12}$/.test(id)) return id;
  } catch {}
  const id = randomBytes(6).toString('hex');
  writeFileSync(file, `${id}\n`);
  return id;
}
