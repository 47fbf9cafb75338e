import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { inject } from 'vitest';
import { freePort } from '../../src/platform/free-port.ts';
import { createBinaryFinder } from '../../src/services/find-binary.ts';
import { type Launched, launch } from '../../src/services/launch.ts';
import { answers } from '../../src/services/readiness.ts';
import { redisArguments } from '../../src/services/redis.ts';
import type { ServiceUrls } from '../../src/services/services.ts';
import './services.ts';
import { until } from './wait.ts';

export interface StackRedis {
  /** Changes with each restart. */
  readonly pid: number;
  /** Stops it cleanly. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again on the same port, killing it where it still runs; `wipe` empties it first. */
  restart(options?: { wipe?: boolean }): Promise<void>;
}

export interface Stack {
  databaseUrl: string;
  amqpUrl: string;
  amqpManagementUrl: string;
  /** Name of the virtual host, for paths of the management API. */
  vhost: string;
  redisUrl: string;
  /** The settings that have Sluice use these servers. */
  settings: Readonly<Record<'DATABASE_URL' | 'AMQP_URL' | 'AMQP_MANAGEMENT_URL' | 'REDIS_URL', string>>;
  redis: StackRedis;
  /** Removes database, virtual host and Redis with all they hold. */
  close(): Promise<void>;
}

/** For one test file: a database, a virtual host and a Redis server that nobody else uses. */
export async function createStack(services: ServiceUrls = inject('services')): Promise<Stack> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const [redis] = await Promise.all([
    startRedis(),
    createDatabase(services, name),
    createVhost(services, name),
  ]);
  const urls = {
    databaseUrl: withPath(services.databaseUrl, name),
    amqpUrl: withPath(services.amqpUrl, name),
    amqpManagementUrl: services.amqpManagementUrl,
    redisUrl: `redis://127.0.0.1:${redis.port}`,
  };
  return {
    ...urls,
    vhost: name,
    settings: {
      DATABASE_URL: urls.databaseUrl,
      AMQP_URL: urls.amqpUrl,
      AMQP_MANAGEMENT_URL: urls.amqpManagementUrl,
      REDIS_URL: urls.redisUrl,
    },
    redis,
    async close() {
      await Promise.all([redis.remove(), dropDatabase(services, name), dropVhost(services, name)]);
    },
  };
}

function withPath(url: string, path: string): string {
  return Object.assign(new URL(url), { pathname: `/${path}` }).href;
}

async function onServer(services: ServiceUrls, sql: string): Promise<void> {
  const client = new Client({ connectionString: services.databaseUrl });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

const createDatabase = (services: ServiceUrls, name: string) => onServer(services, `CREATE DATABASE ${name}`);
const dropDatabase = (services: ServiceUrls, name: string) =>
  onServer(services, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);

async function createVhost(services: ServiceUrls, name: string): Promise<void> {
  await manage(services, 'PUT', `/api/vhosts/${name}`, {});
  await manage(services, 'PUT', `/api/permissions/${name}/guest`, {
    configure: '.*',
    write: '.*',
    read: '.*',
  });
}

const dropVhost = (services: ServiceUrls, name: string) => manage(services, 'DELETE', `/api/vhosts/${name}`);

async function manage(services: ServiceUrls, method: string, path: string, body?: object): Promise<void> {
  const { origin, username, password } = new URL(services.amqpManagementUrl);
  const response = await fetch(origin + path, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
}

async function startRedis(): Promise<StackRedis & { port: number; remove(): Promise<void> }> {
  const binary = createBinaryFinder()('redis-server')[0];
  if (binary === undefined) throw new Error('redis-server is not installed');
  // Within the test run's own folder: whoever clears that one up finds it, also after a killed run.
  const home = mkdtempSync(join(inject('servicesDir'), 'stack-'));
  const folder = join(home, 'redis');
  const port = await freePort();
  let running: Launched;

  const start = async () => {
    mkdirSync(folder, { recursive: true });
    const child = await launch(
      { command: binary, args: redisArguments(port), env: {}, cwd: folder },
      join(home, 'redis.log'),
    );
    running = child;
    await until(
      () => {
        if (child.hasExited()) throw new Error(`redis-server ended at once: see ${home}/redis.log`);
        return answers(port, 'PING\r\n', (answer) => answer.toString().startsWith('+PONG'));
      },
      { deadlineMs: 10_000, what: `Redis on port ${port}` },
    );
  };
  const end = async (signal: NodeJS.Signals) => {
    if (!running.hasExited()) process.kill(running.pid, signal);
    await running.exited;
  };

  await start();
  return {
    port,
    get pid() {
      return running.pid;
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async restart({ wipe = false } = {}) {
      await end('SIGKILL');
      if (wipe) rmSync(folder, { recursive: true, force: true });
      await start();
    },
    async remove() {
      await end('SIGKILL');
      rmSync(home, { recursive: true, force: true });
    },
  };
}
