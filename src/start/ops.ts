import type { AddressInfo } from 'node:net';
import { createClaimsKeeper } from '../ops/claims-keeper.ts';
import { createClusterWatch } from '../ops/cluster-watch.ts';
import { createDeadLetterOperations } from '../ops/dead-letters.ts';
import { createFollowerWatch } from '../ops/follower-watch.ts';
import { createLiveStreams } from '../ops/live/live-streams.ts';
import { createSampler } from '../ops/live/sampler.ts';
import { createOpsApp } from '../ops/ops-app.ts';
import { createOpsLoops } from '../ops/ops-loops.ts';
import { createReconciler } from '../ops/reconciler.ts';
import { createSaleWindow } from '../ops/sale-window.ts';
import { createSaleOperations } from '../ops/sales.ts';
import { createSteering } from '../ops/steering.ts';
import { createFollowerClusterMetrics } from '../platform/follower-metrics.ts';
import { httpUrl } from '../platform/http-url.ts';
import { createClusterMetrics } from '../platform/metrics.ts';
import { createDeadLetters } from '../queue/dead-letters.ts';
import { readDepth, waitUntilEmpty } from '../queue/depth.ts';
import { createDroppedCounter, readFollowerDepths } from '../queue/follower-depth.ts';
import { declareTopology } from '../queue/topology.ts';
import { createAnnouncer, forgottenAfterMs } from './announcer.ts';
import { runAudit } from './audit.ts';
import { inOrder, neighbourPatienceMs, startedWithin } from './in-order.ts';
import type { Role, RoleContext } from './role.ts';
import { claimsFor, followerLettersFor, ledgerFor, publisherFor } from './stages.ts';

/** The ops role: cluster-wide gauges, ops page, admin API, keeper of the claims, reconciler. */
export function composeOps(context: RoleContext): Role {
  const { config, target, logger, clock, registry } = context;
  const metrics = createClusterMetrics(registry);
  const claims = claimsFor(context);
  const ledger = ledgerFor(context, 'ops');
  const publisher = publisherFor(context);
  const watch = createClusterWatch({
    claims,
    ledger,
    readDepth: () => readDepth(target),
    restoreTopology: () =>
      declareTopology({
        ...target,
        queueMaxBytes: config.QUEUE_MAX_BYTES,
        followerQueueMaxBytes: config.FOLLOWER_QUEUE_MAX_BYTES,
        bridge: config.EVENT_BRIDGE === 'on',
        logger,
      }),
    metrics,
    logger,
  });
  const keeper = createClaimsKeeper({
    claims,
    ledger,
    untilQueueEmpty: (signal) => waitUntilEmpty({ ...target, clock, signal }),
    metrics,
    logger,
  });
  const reconciler = createReconciler({
    claims,
    ledger,
    publisher,
    metrics,
    logger,
    options: { confirmTimeoutMs: config.CONFIRM_TIMEOUT_MS, envelopeMaxOrders: config.ENVELOPE_MAX_ORDERS },
  });
  const loops = createOpsLoops({ watch, keeper, reconciler, ledger, claims, clock, logger });
  const box = createDeadLetters({ amqpUrl: target.amqpUrl, logger });
  const events = config.EVENTS === 'on' ? publisher : undefined;
  const deadLetters = createDeadLetterOperations({ box, ledger, claims, events, clock, logger });
  const sales = createSaleOperations({ ledger, claims, clock });
  const saleWindow = createSaleWindow({ ledger, sales, clock });
  const live = createLiveStreams();
  const { state, lookedAtMs } = loops;
  const sampler = createSampler({
    ...{ state, lookedAtMs, claims, forgottenAfterMs, clock },
    publish: live.publish,
  });
  const followerMetrics = createFollowerClusterMetrics(registry);
  const followerWatch = createFollowerWatch({
    readFollowers: () => readFollowerDepths(target),
    ...{ metrics: followerMetrics, clock, logger },
  });
  const app = createOpsApp({
    registry,
    followers: {
      followers: followerWatch.followers,
      letters: followerLettersFor(context, { publisher, trail: ledger }),
    },
    state,
    steering: createSteering({ ledger, sales, saleWindow, deadLetters, trail: ledger, logger }),
    deadLetters,
    trail: ledger,
    live,
    audit: (sale) =>
      runAudit({ config, target, progress: () => undefined }, sale === undefined ? {} : { sale }),
    adminToken: config.ADMIN_TOKEN,
    clock,
    logger,
  });
  const ledgerWithCap = {
    async start() {
      await ledger.start();
      const wanted = config.DRAIN_MAX_ORDERS_PER_SECOND;
      if (wanted !== undefined) await ledger.setCap(wanted, 'configured');
    },
    stop: (deadlineMs: number) => ledger.stop(deadlineMs),
  };
  const server = {
    start: async () => void (await app.listen({ host: config.OPS_HOST, port: config.OPS_PORT })),
    stop: () => app.close(),
  };
  return {
    ...inOrder([
      startedWithin(neighbourPatienceMs, ledgerWithCap),
      startedWithin(neighbourPatienceMs, claims),
      startedWithin(neighbourPatienceMs, publisher),
      loops,
      followerWatch,
      startedWithin(
        0,
        createDroppedCounter({ amqpUrl: target.amqpUrl, onDropped: followerMetrics.dropped, logger, clock }),
      ),
      createAnnouncer({ role: 'ops', registry, claims, clock }),
      sampler,
      server,
    ]),
    url() {
      const { address, port } = app.server.address() as AddressInfo;
      return httpUrl(address, port);
    },
  };
}
