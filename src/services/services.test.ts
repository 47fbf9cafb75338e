import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { until } from '../../test/support/wait.ts';
import { isPortFree } from '../platform/free-port.ts';
import { createBinaryFinder } from './find-binary.ts';
import { isAlive } from './processes.ts';
import type { ServiceError } from './service-error.ts';
import { allProcesses, query, redisSays, useServices } from './services.testing.ts';
import type { Services } from './services.ts';

const { newDataDir, servicesIn, cleanups } = useServices();

async function failureOf(services: Services): Promise<ServiceError> {
  return services.start().then(
    () => expect.fail('it started'),
    (error) => error,
  );
}

it('starts all servers, each leading a process group of its own, and stops them with nothing left running', async () => {
  const dataDir = newDataDir();
  const { services } = servicesIn(dataDir);
  const urls = await services.start();

  expect(
    await query(urls.databaseUrl, 'SELECT current_user AS "user", current_database() AS database'),
  ).toEqual([{ user: 'sluice', database: 'sluice' }]);
  expect(
    await redisSays(urls.redisUrl, 'CONFIG GET appendfsync', '*2\r\n$11\r\nappendfsync\r\n$6\r\nalways\r\n'),
  ).toBe(true);
  expect((await fetch(urls.amqpMetricsUrl)).status).toBe(200);
  const names = new Map(services.processes().map(({ name, pid }) => [name, commandOf(pid)]));
  expect(names.get('postgres')).toBe('postgres');
  expect(names.get('rabbitmq')).toBe('beam.smp');
  expect(names.get('redis')).toBe('redis-server');
  for (const { pid } of services.processes()) expect(groupOf(pid)).toBe(pid);
  const before = allProcesses(dataDir);
  expect(before.length).toBeGreaterThan(services.processes().length);

  const startedAt = Date.now();
  await services.stop(20_000);
  expect(Date.now() - startedAt).toBeLessThan(20_000);
  expect(before.filter(isAlive)).toEqual([]);
  expect(allProcesses(dataDir)).toEqual([]);
  expect(services.processes()).toEqual([]);
  expect(readFileSync(join(dataDir, 'logs/rabbitmq.log'), 'utf8')).toContain(
    'SIGTERM received - shutting down',
  );
  await services.stop(20_000);
});

it('keeps data and ports over a restart', async () => {
  const dataDir = newDataDir();
  const first = servicesIn(dataDir, { which: ['postgres', 'redis'] });
  const urls = await first.services.start();
  await query(urls.databaseUrl, 'CREATE TABLE kept AS SELECT 7 AS n');
  expect(await redisSays(urls.redisUrl, 'SET kept 7', '+OK\r\n')).toBe(true);
  await first.services.stop(10_000);

  const second = servicesIn(dataDir, { which: ['postgres', 'redis'] });
  expect(await second.services.start()).toEqual(urls);
  expect(await query(urls.databaseUrl, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  expect(await redisSays(urls.redisUrl, 'GET kept', '$1\r\n7\r\n')).toBe(true);
});

it('stops the servers that a killed starter left behind and takes over their data and ports', async () => {
  const dataDir = newDataDir();
  const first = servicesIn(dataDir, { which: ['postgres', 'redis'] });
  const urls = await first.services.start();
  await redisSays(urls.redisUrl, 'SET kept 7', '+OK\r\n');
  const orphans = first.services.processes().map(({ pid }) => pid);
  // What a killed starter leaves: its servers, and a lock that names a process which is gone.
  writeFileSync(join(dataDir, 'services.lock'), JSON.stringify({ pid: process.pid, mark: 'another start' }));

  const second = servicesIn(dataDir, { which: ['postgres', 'redis'] });
  expect(await second.services.start()).toEqual(urls);
  expect(orphans.filter(isAlive)).toEqual([]);
  expect(second.lines.join('\n')).toContain('left behind');
  expect(await redisSays(urls.redisUrl, 'GET kept', '$1\r\n7\r\n')).toBe(true);
});

it('leaves the servers of a living process alone', async () => {
  const dataDir = newDataDir();
  const first = servicesIn(dataDir, { which: ['redis'] });
  await first.services.start();
  const second = servicesIn(dataDir, { which: ['redis'] });
  expect(await failureOf(second.services)).toMatchObject({ code: 'data-folder-in-use' });
  await second.services.stop(1000);
  expect(first.services.processes().map(({ pid }) => isAlive(pid))).toEqual([true]);
  const third = servicesIn(dataDir, { which: ['redis'] });
  expect(await failureOf(third.services)).toMatchObject({ code: 'data-folder-in-use' });
});

it('prepares the database anew where initdb was cut short', async () => {
  const dataDir = newDataDir();
  mkdirSync(join(dataDir, 'postgres/data.new/global'), { recursive: true });
  writeFileSync(join(dataDir, 'postgres/data.new/PG_VERSION'), '15\n');
  mkdirSync(join(dataDir, 'postgres/data'), { recursive: true });
  writeFileSync(join(dataDir, 'postgres/data/PG_VERSION'), '15\n');
  const { services } = servicesIn(dataDir, { which: ['postgres'] });
  const urls = await services.start();
  expect(await query(urls.databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('says that a port is taken, and leaves nothing running', async () => {
  const dataDir = newDataDir();
  const squatter = createServer().listen(0, '127.0.0.1');
  cleanups.push(() => squatter.close());
  await until(() => squatter.listening, { deadlineMs: 5000, what: 'the squatter' });
  const { port } = squatter.address() as { port: number };
  const { services } = servicesIn(dataDir, { which: ['redis', 'postgres'], ports: { redis: port } });
  const error = await failureOf(services);
  expect(error).toMatchObject({
    code: 'service-start-failed',
    service: 'redis',
    logFile: join(dataDir, 'logs/redis.log'),
  });
  expect(error.message).toContain(`port ${port} is taken`);
  expect(allProcesses(dataDir)).toEqual([]);
});

it('chooses another port where the remembered one is taken by now', async () => {
  const dataDir = newDataDir();
  const first = servicesIn(dataDir, { which: ['redis'] });
  const url = (await first.services.start()).redisUrl;
  await first.services.stop(5000);
  const port = Number(new URL(url).port);
  const squatter = createServer().listen(port, '127.0.0.1');
  cleanups.push(() => squatter.close());
  await until(() => squatter.listening, { deadlineMs: 5000, what: 'the squatter' });
  const second = servicesIn(dataDir, { which: ['redis'] });
  const urls = await second.services.start();
  expect(urls.redisUrl).not.toBe(url);
  expect(await redisSays(urls.redisUrl, 'PING', '+PONG\r\n')).toBe(true);
});

it("names server, log and the log's last line when data is broken", async () => {
  const dataDir = newDataDir();
  const first = servicesIn(dataDir, { which: ['redis'] });
  await first.services.start();
  await first.services.stop(5000);
  writeFileSync(join(dataDir, 'redis/appendonlydir/appendonly.aof.manifest'), 'nonsense\n');
  const second = servicesIn(dataDir, { which: ['redis'] });
  const error = await failureOf(second.services);
  const logFile = join(dataDir, 'logs/redis.log');
  expect(error).toMatchObject({ code: 'service-start-failed', service: 'redis', logFile });
  const lastLine = readFileSync(logFile, 'utf8').trimEnd().split('\n').at(-1)?.trim();
  expect(lastLine).toBeTruthy();
  expect(error.message).toContain(lastLine);
  expect(error.message).toContain(logFile);
});

it('says that the data folder cannot be written', async () => {
  const file = join(newDataDir(), 'file');
  writeFileSync(file, '');
  const { services } = servicesIn(join(file, 'data'), { which: ['redis'] });
  expect(await failureOf(services)).toMatchObject({ code: 'data-folder-unusable' });
});

it('stops during the start, with nothing left running', async () => {
  const dataDir = newDataDir();
  const { services } = servicesIn(dataDir, { which: ['postgres', 'rabbitmq', 'redis'] });
  const failure = failureOf(services);
  await until(() => services.processes().length > 0, { deadlineMs: 10_000, what: 'a first server' });
  await services.stop(5000);
  expect(await failure).toMatchObject({ code: 'service-stopped' });
  expect(allProcesses(dataDir)).toEqual([]);
});

it('names what is missing, and the commands, where it may not install', async () => {
  const installed = createBinaryFinder();
  const { services } = servicesIn(newDataDir(), {
    findBinary: (name) => (name === 'redis-server' ? installed(name) : []),
    mayInstall: () => false,
  });
  const error = await failureOf(services);
  expect(error.code).toBe('service-binaries-missing');
  expect(error.message).toContain('PostgreSQL, RabbitMQ');
  expect(error.message).not.toContain('Redis,');
  expect(error.message).toContain('apt-get install -y postgresql rabbitmq-server\n');
  expect(error.message).toContain('brew install');
  expect(error.message).toContain('docker compose up -d');
});

it('goes on without Prometheus where it is not installed', async () => {
  const installed = createBinaryFinder();
  const { services, lines } = servicesIn(newDataDir(), {
    which: ['redis', 'prometheus'],
    findBinary: (name) => (name === 'prometheus' ? [] : installed(name)),
  });
  const urls = await services.start();
  expect(urls.prometheusUrl).toBeUndefined();
  expect(services.processes().map(({ name }) => name)).toEqual(['redis']);
  expect(lines).toContain('Prometheus is not installed: going on without it');
});

it('two data folders side by side do not meet', async () => {
  const one = servicesIn(newDataDir(), { which: ['redis'] });
  const two = servicesIn(newDataDir(), { which: ['redis'] });
  const [urls, others] = await Promise.all([one.services.start(), two.services.start()]);
  expect(others.redisUrl).not.toBe(urls.redisUrl);
  await one.services.stop(5000);
  expect(await isPortFree(Number(new URL(urls.redisUrl).port))).toBe(true);
  expect(await redisSays(others.redisUrl, 'PING', '+PONG\r\n')).toBe(true);
});

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}

function groupOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2]);
}
