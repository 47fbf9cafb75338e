import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { migrate } from '../../src/ledger/ledger.ts';
import { encodeEvents } from '../../src/order/events.ts';
import type { LedgerOrder } from '../../src/order/ports/ledger.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { readConfig } from '../../src/platform/config/read.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { declareTopology } from '../../src/queue/topology.ts';
import { createServices, type ServiceUrls } from '../../src/services/services.ts';
import { publisherFor } from '../../src/start/stages.ts';
import type { SlowFollower } from './instance.ts';

const cli = fileURLToPath(new URL('./cli.js', import.meta.url));

/**
 * How the throughput of a follower grows with its instances. Each instance is a process of its own on private
 * servers; its handler takes 200 ms per order, of which it calculates nothing. A backlog that is never used up
 * waits in messages of 20 events; what is counted is what the followers remember as handled, for `measuredMs`
 * after the first has begun everywhere.
 */
const handlerMs = 200;
const warmupMs = 2_000;
const measuredMs = 10_000;
const eventsPerMessage = 20;
const instanceCounts = [1, 2, 4];
const kinds: readonly {
  readonly says: string;
  readonly follower: Omit<SlowFollower, 'name' | 'handlerMs'>;
}[] = [
  { says: 'one order at a time', follower: {} },
  { says: 'up to 50 orders at once', follower: { ordersAtOnce: 50 } },
  { says: 'one at a time, in order', follower: { keepsOrder: true } },
];

interface Arena {
  readonly urls: ServiceUrls;
  readonly database: pg.Client;
  readonly env: NodeJS.ProcessEnv;
  readonly publish: (orders: number) => Promise<void>;
}

async function withArena(work: (arena: Arena) => Promise<void>): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-followers-'));
  const services = createServices({ dataDir, log: () => undefined });
  try {
    const urls = await services.start();
    await migrate(urls.databaseUrl, () => undefined);
    const logger = createLogger('bench', 'error');
    const config = readConfig({});
    await declareTopology({ ...urls, queueMaxBytes: config.QUEUE_MAX_BYTES, logger });
    const database = new pg.Client(urls.databaseUrl);
    await database.connect();
    const publisher = publisherFor({ config, target: urls, logger, clock: systemClock });
    await publisher.start();
    const publish = async (orders: number) => {
      for (let sent = 0; sent < orders; sent += eventsPerMessage) {
        for (const message of encodeEvents(settledOrders())) await publisher.publishEvents(message);
      }
    };
    const env = {
      ...process.env,
      DATABASE_URL: urls.databaseUrl,
      AMQP_URL: urls.amqpUrl,
      AMQP_MANAGEMENT_URL: urls.amqpManagementUrl,
      REDIS_URL: urls.redisUrl,
      LOG_LEVEL: 'error',
    };
    try {
      await work({ urls, database, env, publish });
    } finally {
      await publisher.stop(2_000);
      await database.end();
    }
  } finally {
    await services.stop(0);
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function settledOrders(): LedgerOrder[] {
  const settledAtMs = Date.now();
  return Array.from({ length: eventsPerMessage }, (_, i) => ({
    order: {
      saleId: 'bench',
      transactionId: randomUUID(),
      sku: 'sku',
      quantity: 1,
      customerId: `customer-${i}`,
      sequence: i + 1,
      claimedAtMs: settledAtMs,
    },
    status: 'confirmed',
    settledAtMs,
  }));
}

/** Starts an instance and resolves, once it is ready, with what stops it. */
async function startInstance({ env }: Arena, follower: SlowFollower): Promise<() => Promise<void>> {
  const child = fork(cli, ['instance', JSON.stringify(follower)], { env });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`an instance ended with ${code} before it was ready`)));
  });
  return async () => {
    child.kill('SIGTERM');
    await exited;
  };
}

async function handled({ database }: Arena, follower: string): Promise<number> {
  const { rows } = await database.query<{ n: string }>(
    'SELECT count(*) AS n FROM follower_events WHERE follower = $1',
    [follower],
  );
  return Number(rows[0]!.n);
}

/** Orders per second that so many instances handle. */
async function measure(
  arena: Arena,
  instances: number,
  kind: SlowFollower,
  signal: AbortSignal,
): Promise<number> {
  const stops = [await startInstance(arena, kind)];
  try {
    const { ordersAtOnce = 1 } = kind;
    await arena.publish((instances * ordersAtOnce * 2 * (warmupMs + measuredMs)) / handlerMs + 400);
    while (stops.length < instances) stops.push(await startInstance(arena, kind));
    await sleep(warmupMs, undefined, { signal });
    const [before, fromMs] = [await handled(arena, kind.name), performance.now()];
    await sleep(measuredMs, undefined, { signal });
    const [after, toMs] = [await handled(arena, kind.name), performance.now()];
    return ((after - before) * 1_000) / (toMs - fromMs);
  } finally {
    await Promise.all(stops.map((stop) => stop()));
  }
}

/** Measures all of it, and prints a table. @throws the reason of `signal` */
export async function measureThroughput(signal: AbortSignal): Promise<void> {
  console.log(`Follower throughput; a handler of ${handlerMs} ms per order\n`);
  const head = ['orders/s', ...instanceCounts.map((n) => `${n} instance${n > 1 ? 's' : ''}`)];
  console.log(`| ${head.join(' | ')} |\n| ${head.map(() => '---').join(' | ')} |`);
  await withArena(async (arena) => {
    for (const { says, follower } of kinds) {
      const cells: string[] = [];
      for (const instances of instanceCounts) {
        const name = `slow-${randomUUID().slice(0, 8)}`;
        cells.push((await measure(arena, instances, { ...follower, name, handlerMs }, signal)).toFixed(1));
      }
      console.log(`| ${says} | ${cells.join(' | ')} |`);
    }
  });
}
