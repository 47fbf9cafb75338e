import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freeze } from '../../test/support/freeze.ts';
import { systemClock } from '../platform/clock.ts';
import { freePort } from '../platform/free-port.ts';
import { createLogger } from '../platform/logger.ts';
import { createClaims } from './claims.ts';

const program = 'redis-server';

/** A Redis server that a test may kill, freeze, fill and wipe: same settings as in production. */
export async function startRedisServer() {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-claim-'));
  const port = await freePort();
  let server: ChildProcess;

  /** Rejects where another has taken the port meanwhile: a client would be talking to that one. */
  async function start(): Promise<void> {
    server = spawn(
      program,
      [
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', dataDir, '--save', ''],
        ...['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'],
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    await listening(server);
  }

  await start();
  const redis = new Redis(port, '127.0.0.1', { retryStrategy: () => 20, maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  await redis.ping();

  return {
    url: `redis://127.0.0.1:${port}`,
    /** A client of the test's own, to look behind the stage. */
    redis,
    freeze: () => freeze(server.pid!),
    thaw: () => void server.kill('SIGCONT'),
    async kill(): Promise<void> {
      const exited = once(server, 'exit');
      server.kill('SIGKILL');
      await exited;
    },
    start,
    async remove(): Promise<void> {
      redis.disconnect();
      if (server.exitCode === null && server.signalCode === null) {
        const exited = once(server, 'exit');
        server.kill('SIGKILL');
        await exited;
      }
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export type RedisServer = Awaited<ReturnType<typeof startRedisServer>>;

export function claimsOn(server: RedisServer, overrides: { commandTimeoutMs?: number } = {}) {
  return createClaims({
    redisUrl: server.url,
    commandTimeoutMs: 5_000,
    reopenAfterMs: 100,
    acceptFlushMs: 5,
    logger: createLogger('test', 'silent'),
    clock: systemClock,
    ...overrides,
  });
}

/** Connected to a server that is vetted. */
export async function startVettedClaims(server: RedisServer, overrides: { commandTimeoutMs?: number } = {}) {
  const claims = claimsOn(server, overrides);
  await claims.start();
  await claims.vet((await claims.runIds()).current);
  return claims;
}

/** Resolves when the server says that it takes connections; rejects, with what it said, when it ends instead. */
function listening(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    // Read to the end of its life: a full pipe would hold the server up.
    server.stdout!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('Ready to accept connections')) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`${program} did not start:\n${said}`)));
  });
}
