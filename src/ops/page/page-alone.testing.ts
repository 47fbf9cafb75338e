import type { AddressInfo } from 'node:net';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import { type FastifyRequest, fastify } from 'fastify';
import type { AdminGuard } from '../admin-guard.ts';
import { refuse } from '../admin-problems.ts';
import type { ClusterState } from '../cluster-watch.ts';
import { createLiveStreams } from '../live/live-streams.ts';
import { snapshotOf } from '../live/snapshot.ts';
import { createSessions } from '../sessions.ts';
import { opsPage } from './page-routes.ts';

type Answer = (request: FastifyRequest) => unknown;

const quiet: ClusterState = {
  cap: { ordersPerSecond: 2_000, paused: false, reason: 'configured', burstOrders: 100 },
  waiting: 0,
  oldestAgeMs: 0,
  drainSeconds: 0,
  depth: { ready: 0, unacknowledged: 0, deadLetters: 0, prefetches: [3] },
  sales: [],
  counters: new Map(),
  drift: new Map(),
};

/**
 * The ops page as it is served, with its stream, and an admin API whose answers a test gives: late, refused, or
 * other than what the page asked about. Of real services none is so slow, or so quick, at a test's word.
 */
export async function createPageAlone() {
  const answers = new Map<string, Answer>([
    ['GET /admin/dead-letters', () => ({ letters: [] })],
    ['GET /admin/followers', () => ({ followers: [], lookAgeSeconds: 0 })],
    ['GET /admin/trail', () => ({ entries: [] })],
  ]);
  const guard = { sessionOf: () => ({ who: 'Linh', expiresAtMs: Infinity }) } as unknown as AdminGuard;
  const sessions = createSessions({ clock: { nowMs: () => Date.now() } });
  const live = createLiveStreams();
  const app = fastify({ forceCloseConnections: true });
  let state = quiet;

  await app.register(cookie);
  await app.register(
    async (page) => {
      await page.register(formbody);
      await opsPage(page, { guard, sessions });
    },
    { prefix: '/ops' },
  );
  app.get('/admin/stream', (_request, reply) => live.open(reply, () => true));
  app.all('/admin/*', async (request, reply) => {
    const answer = answers.get(`${request.method} ${request.url.split('?')[0]}`);
    try {
      return answer ? await answer(request) : refuse(reply, 404, 'unknown', 'no test has an answer to this');
    } catch (error) {
      return refuse(reply, 503, 'unavailable', (error as Error).message);
    }
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const ticking = setInterval(() => {
    const nowMs = Date.now();
    live.publish(snapshotOf({ nowMs, lookedAtMs: nowMs, state, processes: [] }));
  }, 500);

  return {
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/ops`,
    /** What the API says to `METHOD /admin/…` from now on; what it throws is answered with 503. */
    answer(call: string, answer: Answer): void {
      answers.set(call, answer);
    },
    /** What the snapshots say from now on, where it is not what a quiet cluster says. */
    see(seen: Partial<ClusterState>): void {
      state = { ...quiet, ...seen };
    },
    async close(): Promise<void> {
      clearInterval(ticking);
      await app.close();
    },
  };
}
