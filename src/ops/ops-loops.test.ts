import { afterEach, expect, it } from 'vitest';
import { until } from '../../test/support/wait.ts';
import type { Envelope } from '../order/envelope.ts';
import type { CatalogSale, PendingClaim } from '../order/ports/claims.ts';
import { createPassingClock } from '../platform/clock.testing.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import { createLogger } from '../platform/logger.ts';
import { createClusterMetrics, createRegistry } from '../platform/metrics.ts';
import type { ClusterState } from './cluster-watch.ts';
import { createOpsLoops } from './ops-loops.ts';
import { createReconciler } from './reconciler.ts';

const running: Lifecycle[] = [];
afterEach(async () => {
  for (const loops of running.splice(0)) await loops.stop(1_000);
});

/** A cluster that is not there, seen by the loops and the reconciler as they are. It starts with nothing in its queue. */
async function aCluster(state: CatalogSale['state'] = 'open') {
  const logger = createLogger('test', 'silent');
  const { clock, pass } = createPassingClock();
  const line: PendingClaim[] = [];
  const published: string[] = [];
  let looks = 0;
  let rounds = 0;
  const cluster = {
    cap: { ordersPerSecond: 1_000, paused: false, reason: 'configured', burstOrders: 50 },
    /** Claims so far, and those of them that have settled. */
    sequence: 0,
    settled: 0,
    envelopes: 0,
    line,
    published,
    /** Claims orders now. */
    claim(orders: number): void {
      for (let i = 0; i < orders; i++) {
        cluster.sequence += 1;
        const { sequence } = cluster;
        const order = { transactionId: `order-${sequence}`, sku: 'sku', quantity: 1, customerId: 'someone' };
        line.push({
          order: { saleId: 'sale', ...order, sequence, claimedAtMs: clock.nowMs() },
          accepted: true,
        });
      }
    },
    /** Settles the oldest orders, but for as many at the head of the line. */
    settle(orders: number, butFor = 0): void {
      cluster.settled += line.splice(butFor, orders).length;
    },
    /** Lets seconds pass, each with a look and a round in it. */
    async seconds(count: number, work: () => void = () => undefined): Promise<void> {
      for (let second = 0; second < count; second++) {
        work();
        const [lastLook, lastRound] = [looks, rounds];
        pass(1_000);
        await until(() => looks > lastLook && rounds > lastRound, {
          deadlineMs: 5_000,
          what: 'a look and a round',
        });
      }
    },
  };
  const reconciler = createReconciler({
    claims: {
      nowMs: async () => clock.nowMs(),
      unconfirmed: async () => [],
      pending: async (_sale, beforeMs, limit) =>
        line.filter(({ order }) => order.claimedAtMs < beforeMs).slice(0, limit),
      accept: () => undefined,
      settle: async () => ({ moved: 0, unknown: 0 }),
    },
    ledger: { find: async () => [] },
    publisher: {
      state: () => 'up',
      publish: async ({ orders }: Envelope) =>
        void published.push(...orders.map((order) => order.transactionId)),
    },
    metrics: createClusterMetrics(createRegistry()),
    logger,
    options: { confirmTimeoutMs: 1_000, envelopeMaxOrders: 100 },
  });
  const loops = createOpsLoops({
    watch: {
      async look(): Promise<ClusterState> {
        looks += 1;
        const { cap, sequence, settled, envelopes } = cluster;
        return {
          cap,
          waiting: sequence - settled,
          oldestAgeMs: undefined,
          drainSeconds: undefined,
          depth: { ready: envelopes, unacknowledged: 0, deadLetters: 0 },
          sales: [],
          counters: new Map([['sale', { sequence, settled, items: [] }]]),
          drift: new Map(),
        };
      },
    },
    keeper: { look: async () => [], rebuildAll: async () => undefined },
    reconciler: {
      ...reconciler,
      async round(...args) {
        const done = await reconciler.round(...args);
        rounds += 1;
        return done;
      },
    },
    ledger: { exclusively: (_name, work) => work(new AbortController().signal) },
    claims: {
      catalog: async () => [{ saleId: 'sale', opensAtMs: 0, closesAtMs: 0, epoch: 1, state, items: [] }],
    },
    clock,
    logger,
  });
  await loops.start();
  running.push(loops);
  await cluster.seconds(2);
  return cluster;
}

it('orders that waited out a pause are not taken for lost when draining goes on; what is lost of them is', async () => {
  const cluster = await aCluster();
  cluster.cap = { ...cluster.cap, paused: true };
  await cluster.seconds(60, () => {
    cluster.claim(50);
    cluster.envelopes += 1;
  });
  cluster.cap = { ...cluster.cap, paused: false };
  await cluster.seconds(2, () => cluster.settle(1_000));
  expect(cluster.published).toEqual([]);
  // The last envelope is lost.
  cluster.settle(950);
  cluster.envelopes = 0;
  await cluster.seconds(20);
  expect(cluster.published).toHaveLength(50);
});

it('orders at the end of a long backlog are not taken for lost', async () => {
  const cluster = await aCluster();
  cluster.claim(60_000);
  cluster.envelopes = 600;
  await cluster.seconds(59, () => {
    cluster.settle(1_000);
    cluster.envelopes -= 10;
  });
  expect(cluster.published).toEqual([]);
});

it('lost orders of a sale that waits for its rebuild are published again', async () => {
  const cluster = await aCluster('rebuilding');
  cluster.claim(50);
  await cluster.seconds(20);
  expect(cluster.published).toHaveLength(50);
});

it('lost orders are published again while others come and go, and the queue is never seen empty', async () => {
  const cluster = await aCluster();
  cluster.envelopes = 2;
  cluster.claim(50);
  const aSecondOfOthers = () => {
    cluster.claim(100);
    cluster.settle(100, 50);
  };
  await cluster.seconds(12, aSecondOfOthers);
  expect(cluster.published).toEqual([]);
  await cluster.seconds(10, aSecondOfOthers);
  expect(cluster.published).toHaveLength(50);
});
