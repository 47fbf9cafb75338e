import { execFile } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import amqp from 'amqplib';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { migrate } from '../../src/ledger/ledger.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { declareTopology } from '../../src/queue/topology.ts';
import { crowd, get } from '../support/http.ts';
import { createRig, newOrder, type Rig } from '../support/rig.ts';
import { until } from '../support/wait.ts';
import { projectFolder, readCompose } from './compose-file.ts';

/** The users of docker-compose.yml, made on the test's own servers from the very files. */
let rig: Rig;
let target: Record<'databaseUrl' | 'migrateUrl' | 'amqpUrl' | 'amqpManagementUrl' | 'redisUrl', string>;
let database: string;

const password = 'a-password-of-a-test';

const withUser = (url: string, username: string, path?: string) =>
  Object.assign(new URL(url), { username, password, ...(path === undefined ? {} : { pathname: path }) }).href;

beforeAll(async () => {
  rig = await createRig();
  database = `${new URL(rig.stack.databaseUrl).pathname.slice(1)}_least`;
  await rig.db.query(`CREATE DATABASE ${database}`);
  const own = Object.assign(new URL(rig.stack.databaseUrl), { pathname: database }).href;
  await makeDatabaseRoles(own);
  await makeBrokerUser();
  await makeRedisUser();
  target = {
    databaseUrl: withUser(own, 'sluice_app'),
    migrateUrl: withUser(own, 'sluice_migrate'),
    amqpUrl: withUser(rig.stack.amqpUrl, 'least'),
    amqpManagementUrl: withUser(rig.stack.amqpManagementUrl, 'least'),
    redisUrl: withUser(rig.stack.redisUrl, 'sluice'),
  };
});

afterAll(async () => {
  await rig.db.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  await rig.db.query('DROP ROLE IF EXISTS sluice_app, sluice_migrate');
  const { origin, username, password: admin } = new URL(inject('services').amqpManagementUrl);
  await fetch(`${origin}/api/users/least`, {
    method: 'DELETE',
    headers: { authorization: `Basic ${Buffer.from(`${username}:${admin}`).toString('base64')}` },
  });
  await rig.close();
});

async function makeDatabaseRoles(databaseUrl: string): Promise<void> {
  // The private server knows its owner only.
  const { rows } = await rig.db.query<{ hba_file: string }>('SHOW hba_file');
  const lines = ['sluice_app', 'sluice_migrate'].map(
    (role) => `host all ${role} 127.0.0.1/32 scram-sha-256\n`,
  );
  appendFileSync(rows[0]!.hba_file, lines.join(''));
  await rig.db.query('SELECT pg_reload_conf()');
  const bin = '/usr/lib/postgresql';
  const versions = readdirSync(bin).sort((a, b) => Number(b) - Number(a));
  await promisify(execFile)(
    join(bin, versions[0]!, 'bin/psql'),
    ['-v', 'ON_ERROR_STOP=1', '-X', '-q', '-f', 'grafana/postgres/10-roles.sql', databaseUrl],
    {
      cwd: projectFolder,
      env: { ...process.env, DATABASE_PASSWORD: password, DATABASE_MIGRATE_PASSWORD: password },
    },
  );
}

/** Tags and permissions as the node's configuration gives them to the user it makes. */
async function makeBrokerUser(): Promise<void> {
  const text = readFileSync(join(projectFolder, 'grafana/rabbitmq/rabbitmq.conf'), 'utf8');
  const settings = new Map(
    [...text.matchAll(/^(default_\S+) = (.+)$/gm)].map(([, name, value]) => [name, value]),
  );
  const tags = [...settings]
    .filter(([name, value]) => name!.startsWith('default_user_tags.') && value === 'true')
    .map(([name]) => name!.split('.')[1]);
  const permission = (kind: string) => settings.get(`default_permissions.${kind}`)!;
  expect(tags).toEqual(['policymaker']);
  await rig.manage('PUT', '/users/least', { password, tags: tags.join(',') });
  const answer = await rig.manage('PUT', `/permissions/${rig.stack.vhost}/least`, {
    configure: permission('configure'),
    write: permission('write'),
    read: permission('read'),
  });
  expect(answer.ok).toBe(true);
}

function redisRules(): string[] {
  const command = readCompose().services.redis!.command!.join('\n');
  expect(command).toContain('user default off');
  return /^ *user sluice (.+)$/m.exec(command)![1]!.split(' ');
}

async function makeRedisUser(): Promise<void> {
  const redis = new Redis(rig.stack.redisUrl);
  const rules = redisRules().map((rule) => (rule.startsWith('>') ? `>${password}` : rule));
  await redis.call('ACL', ['SETUSER', 'sluice', 'reset', ...rules]);
  await redis.quit();
}

it('the users of the compose file can do all that Sluice does', async () => {
  const logger = createLogger('test', 'silent');
  await migrate(target.migrateUrl, () => undefined);
  await migrate(target.migrateUrl, () => undefined);
  await declareTopology({ ...target, queueMaxBytes: 1_000_000, logger });

  // A rig's own connections belong to the owner: they are not used here, but for what is applied through ops.
  const [gateway, loyalty, ranking, , ops] = await Promise.all([
    rig.gateway({}, { target }),
    rig.follower('loyalty', {}, { target }),
    rig.follower('ranking', {}, { target }),
    rig.drainer({}, { target }),
    rig.ops({}, { target }),
  ]);
  const { withOperations } = await import('../../src/start/operations.ts');
  const saleId = 'least';
  await until(async () => (await get(`${ops.url}/readyz`)).status === 200, {
    deadlineMs: 15_000,
    what: 'the ops role to be ready',
  });
  await withOperations(async ({ sales, ledger }) => {
    await sales.apply({
      saleId,
      opensAtMs: Date.now() - 1_000,
      closesAtMs: Date.now() + 3_600_000,
      items: [{ sku: 'sku', name: 'sku', priceMinor: 1, stock: 50, customerLimit: 5 }],
    });
    await ledger.setCap(1_000, 'configured');
    await ledger.setPaused(true);
    await ledger.setPaused(false);
  }, target);
  await until(async () => (await get(`${gateway.url}/sales/${saleId}`)).status === 200, {
    deadlineMs: 5_000,
    what: 'the gateway to serve the sale',
  });
  const orders = Array.from({ length: 60 }, () => newOrder({ sku: 'sku' }));
  const answers = await crowd(gateway.url, saleId, orders);
  expect(answers.filter((answer) => answer.status === 202)).toHaveLength(50);
  const accepted = orders[answers.findIndex((answer) => answer.status === 202)]!;
  await until(
    async () =>
      (await get(`${gateway.url}/sales/${saleId}/orders/${accepted.transactionId}`)).body.status ===
      'confirmed',
    { deadlineMs: 10_000, what: 'an order to be confirmed' },
  );
  for (const follower of [loyalty, ranking]) {
    await until(async () => (await follower.metric('sluice_follower_handled_total')) === 50, {
      deadlineMs: 20_000,
      what: 'the follower to have handled all orders',
    });
  }
  await withOperations(async ({ sales, ledger, claims }) => {
    await sales.restock(saleId, 'truck', 'sku', 5);
    for await (const page of ledger.orders(saleId, 10)) expect(page.length).toBeGreaterThan(0);
    expect((await claims.counters(saleId))!.items[0]!.left).toBe(5);
    await until(async () => (await claims.cluster())!.waiting === 0, { deadlineMs: 10_000, what: 'the end' });
    await sales.archive(saleId, { fromLedger: true, force: true });
  }, target);
}, 60_000);

it('and Redis commands that a script uses are among those allowed', () => {
  const allowed = new Set(redisRules().filter((rule) => rule.startsWith('+')));
  const folder = join(projectFolder, 'src/claim');
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.lua'))) {
    for (const [, command] of readFileSync(join(folder, file), 'utf8').matchAll(/call\('(\w+)'/g)) {
      expect([...allowed], file).toContain(`+${command!.toLowerCase()}`);
    }
  }
});

it('but no more: the database user changes no schema and reads nobody else', async () => {
  const client = new pg.Client(target.databaseUrl);
  await client.connect();
  for (const sql of [
    'CREATE TABLE sluice.more (a int)',
    'CREATE TABLE public.more (a int)',
    'CREATE TEMP TABLE more (a int)',
    'DROP TABLE sluice.orders',
    'TRUNCATE sluice.orders',
    'ALTER TABLE sluice.orders DISABLE TRIGGER ALL',
    'CREATE OR REPLACE FUNCTION sluice.settle_batch() RETURNS int LANGUAGE sql AS $$SELECT 1$$',
    'SELECT * FROM pg_authid',
    "SELECT pg_read_file('/etc/passwd')",
    "COPY sluice.orders TO PROGRAM 'id'",
    'CREATE ROLE more',
  ]) {
    await expect(client.query(sql), sql).rejects.toMatchObject({ code: '42501' });
  }
  await client.end();
  const migrator = new pg.Client(target.migrateUrl);
  await migrator.connect();
  await expect(migrator.query('CREATE SCHEMA more')).rejects.toMatchObject({ code: '42501' });
  await migrator.end();
});

it('the broker user touches what is called sluice.… alone, and administers nothing', async () => {
  const attempts: ((channel: amqp.Channel) => Promise<unknown>)[] = [
    (channel) => channel.assertQueue('another'),
    (channel) => channel.assertQueue('xsluice.orders'),
    (channel) => channel.assertExchange('another', 'topic'),
    (channel) => channel.bindQueue('sluice.orders', 'amq.topic', '#'),
  ];
  for (const attempt of attempts) {
    const model = await amqp.connect(target.amqpUrl);
    model.on('error', () => undefined);
    const channel = await model.createChannel();
    channel.on('error', () => undefined);
    await expect(attempt(channel)).rejects.toMatchObject({ code: 403 });
    await model.close();
  }
  const { origin } = new URL(target.amqpManagementUrl);
  const asUser = (method: string, path: string, body?: object) =>
    fetch(`${origin}/api${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`least:${password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  expect((await asUser('GET', '/users')).status).toBe(401);
  expect((await asUser('PUT', '/vhosts/more', {})).status).toBe(401);
  expect((await asUser('PUT', '/users/more', { password: 'x', tags: 'administrator' })).status).toBe(401);
  expect((await asUser('GET', `/queues/${rig.stack.vhost}/sluice.orders`)).status).toBe(200);
});

it('the Redis user reaches neither other keys nor other commands', async () => {
  const redis = new Redis(target.redisUrl);
  redis.on('error', () => undefined);
  for (const [command, ...args] of [
    ['GET', 'another'],
    ['EVAL', "return redis.call('GET', 'another')", '0'],
    ['EVAL', "return redis.call('FLUSHALL')", '0'],
    ['KEYS', 'sluice:*'],
    ['FLUSHALL'],
    ['CONFIG', 'GET', '*'],
    ['ACL', 'LIST'],
    ['SCRIPT', 'FLUSH'],
    ['MONITOR'],
    ['SHUTDOWN'],
    ['REPLICAOF', 'example.com', '6379'],
    ['PUBLISH', 'sluice:x', 'y'],
    ['FUNCTION', 'LIST'],
  ] as [string, ...string[]][]) {
    await expect(redis.call(command, args), command).rejects.toThrow(/NOPERM|permission|can't (run|access)/i);
  }
  redis.disconnect();
});
