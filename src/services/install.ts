import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { ServiceError } from './service-error.ts';
import { SERVICE_TITLES, type ServiceName } from './service-name.ts';

const APT_PACKAGES: Record<ServiceName, string> = {
  postgres: 'postgresql',
  rabbitmq: 'rabbitmq-server',
  redis: 'redis-server',
  prometheus: 'prometheus',
};

const BREW_PACKAGES: Record<ServiceName, string> = {
  postgres: 'postgresql@16',
  rabbitmq: 'rabbitmq',
  redis: 'redis',
  prometheus: 'prometheus',
};

const SYSTEM_UNITS: Record<ServiceName, string[]> = {
  postgres: ['postgresql.service'],
  rabbitmq: ['rabbitmq-server.service', 'epmd.socket', 'epmd.service'],
  redis: ['redis-server.service'],
  prometheus: ['prometheus.service'],
};

const POLICY_FILE = '/usr/sbin/policy-rc.d';
const CREATE_CLUSTER_FILE = '/etc/postgresql-common/createcluster.conf';

/** Root on Debian, Ubuntu or a descendant. */
export function canInstall(osRelease: string = readOsRelease()): boolean {
  const ids = [...osRelease.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap((match) =>
    match[1]?.split(' '),
  );
  const isDebian = ids.includes('debian') || ids.includes('ubuntu');
  return isDebian && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

/** What to tell someone on whose machine Sluice does not install by itself. */
export function missingBinaries(missing: readonly ServiceName[]): ServiceError {
  const titles = missing.map((service) => SERVICE_TITLES[service]).join(', ');
  const list = (packages: Record<ServiceName, string>) => missing.map((name) => packages[name]).join(' ');
  return new ServiceError(
    'service-binaries-missing',
    [
      `not installed on this machine: ${titles}. One of these helps:`,
      `  sudo apt-get update && sudo apt-get install -y ${list(APT_PACKAGES)}`,
      `  brew install ${list(BREW_PACKAGES)}`,
      '  docker compose up -d',
      'or name running servers in DATABASE_URL, AMQP_URL and REDIS_URL.',
    ].join('\n'),
  );
}

/**
 * Installs the servers' packages with apt-get, without starting or enabling the services they bring and
 * without a database cluster of their own. Throws `service-install-failed`.
 */
export async function install(
  missing: readonly ServiceName[],
  logFile: string,
  log: (line: string) => void,
): Promise<void> {
  const packages = missing.map((service) => APT_PACKAGES[service]);
  const undo = [forbidServiceStarts(), ...(missing.includes('postgres') ? [forbidCluster()] : [])];
  try {
    await installPackages(packages, logFile, log);
    // With systemd the packages' own services would start at the next boot.
    if (existsSync('/run/systemd/system')) {
      const units = missing.flatMap((service) => SYSTEM_UNITS[service]);
      for (const unit of units) await run('systemctl', ['disable', unit], logFile).catch(() => {});
    }
    log(`installed ${packages.join(', ')}`);
  } finally {
    for (const step of undo) step();
  }
}

/** Installs packages with apt-get as they come. Throws `service-install-failed`. */
export async function installPackages(
  packages: readonly string[],
  logFile: string,
  log: (line: string) => void,
): Promise<void> {
  log('apt-get update');
  await run('apt-get', ['update', '-q'], logFile);
  log(`apt-get install ${packages.join(' ')}`);
  const keepOurFiles = ['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold'];
  await run(
    'apt-get',
    ['install', '-q', '-y', '--no-install-recommends', ...keepOurFiles, ...packages],
    logFile,
  );
}

function forbidServiceStarts(): () => void {
  if (existsSync(POLICY_FILE)) return () => {};
  writeFileSync(POLICY_FILE, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return () => rmSync(POLICY_FILE, { force: true });
}

function forbidCluster(): () => void {
  if (existsSync(CREATE_CLUSTER_FILE)) return () => {};
  mkdirSync('/etc/postgresql-common', { recursive: true });
  writeFileSync(CREATE_CLUSTER_FILE, 'create_main_cluster = false\n');
  return () => {};
}

async function run(command: string, args: string[], logFile: string): Promise<void> {
  const out = openSync(logFile, 'a');
  try {
    const child = spawn(command, args, {
      stdio: ['ignore', out, out],
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        LANG: 'C.UTF-8',
        DEBIAN_FRONTEND: 'noninteractive',
        RUNLEVEL: '1',
      },
    });
    const outcome = await new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code) => resolve(code === 0 ? '' : `exit code ${code}`));
    });
    if (outcome === '') return;
    throw new ServiceError(
      'service-install-failed',
      `${command} ${args.join(' ')} failed (${outcome}): ${lastError(logFile)}\n  log: ${logFile}`,
      { logFile },
    );
  } finally {
    closeSync(out);
  }
}

function lastError(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.findLast((line) => line.startsWith('E: ')) ?? lines.at(-1) ?? '';
}

function readOsRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}
