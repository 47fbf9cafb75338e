import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { post } from '../support/http.ts';
import { until } from '../support/wait.ts';
import { type Cluster, createCluster } from './support/cluster.ts';
import { crowd, goods, shoppers, type Ticket } from './support/crowd.ts';
import { expectPromisesKept } from './support/promises.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await createCluster({ CONFIRM_TIMEOUT_MS: '500' });
  await cluster.start('ops');
  await Promise.all([cluster.start('gateway'), cluster.start('drainer')]);
});
afterAll(() => cluster?.close());

/** Lets a crowd shop, and `harm` happen once a third of it has been answered. */
async function shopThrough(saleId: string, harm: () => Promise<void>): Promise<readonly Ticket[]> {
  await cluster.sell(saleId, goods);
  const tickets = shoppers(450);
  const shopping = crowd(cluster.gatewayUrl, saleId, tickets);
  await until(() => tickets.filter(({ answers }) => answers.includes(202)).length >= 100, {
    deadlineMs: 20_000,
    what: 'the crowd to be under way',
  });
  await harm();
  return shopping;
}

/** Sends a new order until it is taken. */
async function untilOpen(saleId: string): Promise<Ticket> {
  const order = { transactionId: randomUUID(), sku: 'plenty', quantity: 1, customerId: 'customer-late' };
  await until(async () => (await post(cluster.gatewayUrl, saleId, order)).status === 202, {
    deadlineMs: 60_000,
    what: `${saleId} to take orders again`,
  });
  return { order, walksAway: false, answers: [202] };
}

async function manage(method: string, path: string): Promise<Response> {
  const { origin, username, password } = new URL(cluster.stack.amqpManagementUrl);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return fetch(`${origin}/api${path}`, { method, headers: { authorization } });
}

describe('under load, all promises are kept and orders taken again without an operator', () => {
  it('when Redis is killed and comes back', { timeout: 90_000 }, async () => {
    const tickets = await shopThrough('redis-killed', async () => {
      await cluster.stack.redis.kill();
      await cluster.stack.redis.restart();
    });
    const late = await untilOpen('redis-killed');
    await expectPromisesKept(cluster, 'redis-killed', [...tickets, late]);
  });

  it('when every connection to PostgreSQL is cut', { timeout: 90_000 }, async () => {
    const db = new pg.Client(cluster.stack.databaseUrl);
    await db.connect();
    const tickets = await shopThrough('postgres-cut', async () => {
      const { rows } = await db.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
      expect(rows.length).toBeGreaterThan(0);
    });
    await db.end();
    const refused = tickets.filter(({ answers }) => answers.includes(503) || answers.includes(0));
    expect(refused, 'shoppers do not notice').toEqual([]);
    await expectPromisesKept(cluster, 'postgres-cut', tickets);
  });

  it('when every connection to RabbitMQ is cut', { timeout: 90_000 }, async () => {
    const tickets = await shopThrough('rabbitmq-cut', async () => {
      const listed = await manage('GET', `/vhosts/${cluster.stack.vhost}/connections`);
      const connections = (await listed.json()) as { name: string }[];
      expect(connections.length).toBeGreaterThan(1);
      for (const { name } of connections) await manage('DELETE', `/connections/${encodeURIComponent(name)}`);
    });
    const late = await untilOpen('rabbitmq-cut');
    await expectPromisesKept(cluster, 'rabbitmq-cut', [...tickets, late]);
  });

  it('when Redis loses everything', { timeout: 120_000 }, async () => {
    const saleId = 'redis-wiped';
    const tickets = await shopThrough(saleId, () => cluster.stack.redis.restart({ wipe: true }));
    const late = await untilOpen(saleId);
    await expectPromisesKept(cluster, saleId, [...tickets, late]);

    const old = tickets.find(({ answers }) => answers[0] === 202)!;
    const again = await post(cluster.gatewayUrl, saleId, old.order);
    expect(again).toMatchObject({ status: 200, body: { status: 'confirmed' } });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await post(cluster.gatewayUrl, saleId, { ...old.order, quantity: 9 })).toMatchObject({
      status: 422,
    });
  });
});

it('a role whose port is taken ends with exit code 1, and says why', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const starting = cluster.start('gateway', { PORT: String(port) });
  await expect(starting).rejects.toThrow(/gateway ended \(1\):.*EADDRINUSE/s);
  server.close();
});
