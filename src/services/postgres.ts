import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DataFolder } from './data-folder.ts';
import { databaseFolder } from './database-folder.ts';
import { TRACES } from './leftovers.ts';
import { answers } from './readiness.ts';
import type { Server } from './server.ts';
import { type ServerUser, userForDatabase } from './server-user.ts';
import { type Ports, SERVICE_TITLES } from './service-name.ts';

const DATABASE = 'sluice';
const USER = 'sluice';

interface Use {
  data: DataFolder;
  ports: Ports;
  /** All installed `postgres` binaries, the preferred one first. */
  binaries: readonly string[];
  path: string;
  log: (line: string) => void;
}

/** PostgreSQL with database and user `sluice`, no password, loopback only. As root it runs as the user `postgres`. */
export function postgresServer(use: Use): Server {
  const user = userForDatabase();
  const home = databaseFolder(use.data.path, user, use.log);
  const folder = join(home, 'data');
  const logFile = use.data.logFile('postgres');
  const env = { PATH: use.path, LANG: 'C', TZ: 'UTC' };
  return {
    service: 'postgres',
    title: SERVICE_TITLES.postgres,
    logFile,
    folder,
    processNames: TRACES.postgres.processNames,
    stopSignal: TRACES.postgres.stopSignal,
    port: () => use.ports.postgres,
    ports: () => [use.ports.postgres],
    async prepare(signal) {
      setAsideIncomplete(folder, use.log);
      if (!existsSync(folder)) {
        const binary = use.binaries[0] as string;
        await initialise({ binary, home, folder, logFile, env, user, signal });
      }
      writeFileSync(join(folder, 'pg_hba.conf'), `host all ${USER} 127.0.0.1/32 trust\n`);
      // None of its processes is left, so this names another process that was given the same pid since.
      rmSync(join(folder, 'postmaster.pid'), { force: true });
    },
    launch: () => ({
      command: binaryFor(folder, use.binaries),
      args: ['-D', folder, ...settings(use.ports.postgres)],
      env,
      cwd: folder,
      user,
    }),
    isReady: () => answers(use.ports.postgres, startupMessage(), isReadyForQuery),
  };
}

function settings(port: number): string[] {
  return Object.entries({
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '256MB',
    max_wal_size: '2GB',
    fsync: 'on',
    synchronous_commit: 'on',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    logging_collector: 'off',
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

interface Initialise {
  binary: string;
  home: string;
  folder: string;
  logFile: string;
  env: Record<string, string>;
  user: ServerUser | undefined;
  signal: AbortSignal;
}

/** Fills a folder beside the real one and renames it when complete: however this is cut short, it is done anew. */
async function initialise(use: Initialise): Promise<void> {
  const draft = join(use.home, 'data.new');
  rmSync(draft, { recursive: true, force: true });
  const run = async (command: string, args: string[], input: string) => {
    const options = { cwd: use.home, env: use.env, signal: use.signal, ...use.user };
    await new Promise<void>((resolve, reject) => {
      const child = execFile(command, args, options, (error, stdout, stderr) => {
        appendFile(use.logFile, stdout + stderr).then(() => (error ? reject(error) : resolve()), reject);
      });
      child.stdin?.end(input);
    });
  };
  const initdb = join(dirname(use.binary), 'initdb');
  await run(initdb, ['-D', draft, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--no-locale'], '');
  await run(use.binary, ['--single', '-D', draft, 'postgres'], `CREATE DATABASE ${DATABASE}\n`);
  renameSync(draft, use.folder);
}

/** A folder without a control file holds no database: the start would fail with it, and nothing is lost without it. */
function setAsideIncomplete(folder: string, log: (line: string) => void): void {
  const complete = existsSync(join(folder, 'PG_VERSION')) && existsSync(join(folder, 'global', 'pg_control'));
  if (complete || !existsSync(folder)) return;
  const aside = `${folder}.incomplete-${Date.now()}`;
  renameSync(folder, aside);
  log(`PostgreSQL's data folder was incomplete: moved to ${aside}, starting with an empty one`);
}

/** A data folder belongs to one major version for good. */
function binaryFor(folder: string, binaries: readonly string[]): string {
  const wanted = readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim();
  const match = binaries.find((binary) => majorVersion(binary) === wanted);
  if (match !== undefined) return match;
  throw new Error(
    `the data in ${folder} was written by PostgreSQL ${wanted}, and only ${binaries.map(majorVersion).join(', ')} is installed: install ${wanted}, or remove the folder for an empty database`,
  );
}

function majorVersion(binary: string): string | undefined {
  const text = execFileSync(binary, ['--version'], { encoding: 'utf8' });
  return /(\d+)(\.|devel|beta|rc|\s|$)/.exec(text.replace(/^\D*/, ''))?.[1];
}

function startupMessage(): Buffer {
  const parameters = Buffer.from(`user\0${USER}\0database\0${DATABASE}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + parameters.length, 0);
  head.writeInt32BE(196_608, 4); // protocol 3.0
  return Buffer.concat([head, parameters]);
}

function isReadyForQuery(answer: Buffer): boolean {
  return answer[0] === 0x52 && answer.includes(Buffer.from([0x5a, 0, 0, 0, 5, 0x49]));
}
