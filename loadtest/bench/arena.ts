import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createServices } from '../../src/services/services.ts';
import { type Followers, startFollowers } from '../instance/followers.ts';
import { type OwnInstance, ownEnvironment, startOwnInstance } from '../instance/own-instance.ts';
import { type RunFile, readRunFile } from '../instance/run-file.ts';
import { mustRunSluice, type SluiceCommand } from '../instance/sluice-command.ts';
import { type Child, startChild } from './child.ts';
import { type Processes, sluiceProcesses } from './cpu-time.ts';
import type { BullmqSettings } from './rivals/bullmq-server.ts';

/** The drain cap that Sluice has unless told, in orders/s, and one that stands in no order's way. */
const defaultCap = 2_000;
const liftedCap = 1_000_000;

// The best of 2, 4, 8 and 16 connections each: they all wait for the one row of stock, so more only queue for it.
const statementsPoolSize = 4;
const callPoolSize = 4;
// The best of 50 and 100 jobs at once with 8 and 16 connections.
const workerConcurrency = 50;
const workerPoolSize = 16;

/** Everything that takes part, running: Sluice, its servers, and the alternatives beside it on the same servers. */
export interface Arena {
  readonly command: SluiceCommand;
  /** Sluice's database. */
  readonly ledger: pg.Pool;
  /** The alternatives' database, on the same server. */
  readonly rivals: pg.Pool;
  readonly bareUrl: string;
  readonly perRequestUrls: Readonly<Record<'perRequest' | 'perRequestCall', string>>;
  readonly bullmqUrl: string;
  readonly bullmq: BullmqSettings;
  gatewayUrl(): Promise<string>;
  processes(): Promise<Processes>;
  setCap(cap: 'default' | 'lifted'): Promise<void>;
  startWorker(): Promise<Child>;
  /** Loyalty and ranking; Sluice runs without followers until then. */
  startFollowers(): Promise<Followers>;
  stop(): Promise<void>;
}

/**
 * Starts all of it. Redis for BullMQ is one of its own that fsyncs once a second, as BullMQ's guide recommends;
 * Sluice's fsyncs every write.
 * @throws with nothing left running
 */
export async function startArena(options: {
  cli: string;
  env: NodeJS.ProcessEnv;
  logFile: string;
  signal: AbortSignal;
}): Promise<Arena> {
  const { cli, logFile, signal } = options;
  const env = ownEnvironment(options.env);
  const undo: (() => Promise<unknown>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      for (const step of undo.reverse()) await step().catch((error: unknown) => console.error(String(error)));
    })();
    return stopping;
  };
  try {
    const own = await startOwnInstance({ cli, env, gateways: 1, drainers: 1, logFile, signal });
    undo.push(own.stop);
    const databaseUrl = own.runFile.databaseUrl!;
    const ledger = new pg.Pool({ connectionString: databaseUrl, max: 2 });
    undo.push(() => ledger.end());
    const rivalsUrl = await createRivalsDatabase(databaseUrl);
    const rivals = new pg.Pool({ connectionString: rivalsUrl, max: 2 });
    undo.push(() => rivals.end());
    await rivals.query(await readFile(new URL('rivals/rivals.sql', import.meta.url), 'utf8'));

    const redis = createServices({
      dataDir: join(own.folder, 'bullmq'),
      log: () => {},
      which: ['redis'],
    });
    undo.push(() => redis.stop(5_000));
    const { redisUrl } = await redis.start();
    await fsyncOnceASecond(redisUrl);
    const { hostname: host, port } = new URL(redisUrl);
    const bullmq = { redis: { host, port: Number(port) }, queueName: 'orders' };

    const bare = startChild('bare', {});
    const perRequest = startChild('postgres', {
      databaseUrl: rivalsUrl,
      poolSize: statementsPoolSize,
      form: 'statements',
    });
    const perRequestCall = startChild('postgres', {
      databaseUrl: rivalsUrl,
      poolSize: callPoolSize,
      form: 'function',
    });
    const bullmqServer = startChild('bullmq-server', bullmq);
    for (const child of [bare, perRequest, perRequestCall, bullmqServer]) undo.push(() => child.stop());
    const [bareUrl, perRequestUrl, perRequestCallUrl, bullmqUrl] = await Promise.all(
      [bare, perRequest, perRequestCall, bullmqServer].map(async (child) => (await child.ready)!),
    );
    const command = { cli, folder: own.folder, env };
    const rivalProcesses = {
      bare: bare.pid,
      'per-request server': perRequest.pid,
      'per-request call server': perRequestCall.pid,
      'bullmq server': bullmqServer.pid,
      'bullmq redis': redis.processes()[0]!.pid,
    };
    return {
      command,
      ledger,
      rivals,
      bareUrl: bareUrl!,
      perRequestUrls: { perRequest: perRequestUrl!, perRequestCall: perRequestCallUrl! },
      bullmqUrl: bullmqUrl!,
      bullmq,
      gatewayUrl: async () => (await currentRunFile(own)).gatewayUrl,
      processes: async () => ({ ...sluiceProcesses(await currentRunFile(own)), ...rivalProcesses }),
      async setCap(cap) {
        await mustRunSluice(command, ['cap', String(cap === 'default' ? defaultCap : liftedCap)]);
      },
      async startFollowers() {
        const { amqpUrl, amqpManagementUrl } = await currentRunFile(own);
        const followers = await startFollowers(command, {
          amqpUrl: amqpUrl!,
          amqpManagementUrl: amqpManagementUrl!,
        });
        undo.push(() => followers.stop());
        return followers;
      },
      async startWorker() {
        const worker = startChild('bullmq-worker', {
          ...bullmq,
          databaseUrl: rivalsUrl,
          concurrency: workerConcurrency,
          poolSize: workerPoolSize,
        });
        undo.push(() => worker.stop());
        await worker.ready;
        return worker;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function currentRunFile(own: OwnInstance): Promise<RunFile> {
  return (await readRunFile(own.folder)) ?? own.runFile;
}

async function createRivalsDatabase(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('CREATE DATABASE rivals');
  } finally {
    await client.end();
  }
  const url = new URL(databaseUrl);
  url.pathname = '/rivals';
  return url.href;
}

async function fsyncOnceASecond(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl, { lazyConnect: true });
  try {
    await redis.connect();
    await redis.config('SET', 'appendfsync', 'everysec');
  } finally {
    redis.disconnect();
  }
}
