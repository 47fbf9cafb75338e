import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { saleKeys } from '../../../src/claim/keys.ts';
import type { Fault } from '../fault.ts';

/** Runs `work` on a connection of its own, which ends with it. */
export async function onRedis<T>(redisUrl: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(redisUrl, { lazyConnect: true, retryStrategy: null });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

/** The sequence number of the sale's newest claim. */
export async function lastSequence(redis: Redis, saleId: string): Promise<number> {
  return Number(await redis.hget(saleKeys(saleId).sale, 'sequence'));
}

/** The sequence number of the sale's oldest claim that has not settled; `Infinity` where none waits. */
export async function oldestSequence(redis: Redis, saleId: string): Promise<number> {
  const { line, claims } = saleKeys(saleId);
  const oldest = await redis.lindex(line, 0);
  if (oldest === null) return Number.POSITIVE_INFINITY;
  // A claim begins with its sequence number; one that Redis has forgotten waits no more.
  const claim = await redis.hget(claims, oldest);
  return claim === null ? Number.POSITIVE_INFINITY : Number.parseInt(claim, 10);
}

const flushed: Fault = {
  name: 'redis-flushed',
  summary: 'Redis is wiped while it runs (FLUSHALL)',
  strikes: 30,
  bound: 'neighbour',
  needsPrivateServices: true,
  async strike(context) {
    const keys = await onRedis(context.urls.redisUrl, async (redis) => {
      const count = await redis.dbsize();
      await redis.flushall();
      return count;
    });
    return { did: `Redis wiped of ${keys} keys` };
  },
};

const scriptsFlushed: Fault = {
  name: 'redis-scripts-flushed',
  summary: 'Redis forgets its scripts (SCRIPT FLUSH)',
  strikes: 30,
  bound: 'neighbour',
  async strike(context) {
    await onRedis(context.urls.redisUrl, (redis) => redis.script('FLUSH', 'SYNC'));
    return { did: 'Redis forgot its scripts' };
  },
};

const restored: Fault = {
  name: 'redis-restored',
  summary: 'Redis is killed and restored to a copy that is some seconds old',
  strikes: 30,
  bound: 'neighbour',
  needsPrivateServices: true,
  async strike(context, random) {
    const redis = context.services!.redis;
    const data = join(redis.folder, 'appendonlydir');
    const copy = await mkdtemp(join(tmpdir(), 'sluice-rehearsal-'));
    const ageMs = 500 + random.below(context.shortened(5_000));
    try {
      // A copy of a file that is being appended to may end within a command; Redis cuts that off as it loads.
      await cp(data, copy, { recursive: true });
      await context.sleep(ageMs);
      await redis.kill();
      await rm(data, { recursive: true });
      await cp(copy, data, { recursive: true });
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
    return {
      did: `Redis killed, and restored to a copy of ${ageMs} ms before`,
      heal: () => redis.start(),
    };
  },
};

/** What can become of Redis, besides being killed. */
export const redisFaults: readonly Fault[] = [flushed, scriptsFlushed, restored];
