import type { Follower } from '../events/follower.ts';
import { createRunner } from '../events/runner.ts';
import type { Config } from '../platform/config/config.ts';
import { createFollowerMetrics } from '../platform/follower-metrics.ts';
import { createEventConsumer, createFollowerQueues } from '../queue/follower-messages.ts';
import { declareFollower, type FollowerTopology } from '../queue/follower-queues.ts';
import { followerNamed, type Surroundings } from './followers.ts';
import { inOrder, neighbourPatienceMs, startedWithin } from './in-order.ts';
import type { Role, RoleContext } from './role.ts';
import { ledgerFor, publisherFor } from './stages.ts';

/**
 * The follower role: one follower, with the ledger that remembers what it has done.
 *
 * @param which the name of a follower that the configuration knows, or one that it does not
 * @throws UnknownFollowerError
 */
export function composeFollower(context: RoleContext, which: string | Follower): Role {
  const { config, target, clock, registry, fail } = context;
  const surroundings: Surroundings = {
    send: (message) => publisher.send(message),
    onSwitchedOff: () => metrics.switchedOff.set(1),
  };
  const follower = typeof which === 'string' ? followerNamed(which, config, surroundings) : which;
  const logger = context.logger.child({ follower: follower.name });
  const metrics = createFollowerMetrics(registry, follower.name);
  const topology = topologyOf(follower, config);
  const ledger = ledgerFor({ ...context, logger }, `follower ${follower.name}`);
  const publisher = publisherFor(
    { ...context, logger },
    (state) => metrics.dependencies.set('rabbitmq', state === 'up' || state === 'full'),
    (model) => declareFollower(model, topology),
  );
  const runner = createRunner({
    follower,
    createConsumer: (handlers) =>
      createEventConsumer({ amqpUrl: target.amqpUrl, follower: topology, handlers, logger, clock }),
    queues: createFollowerQueues(publisher, topology),
    ledger,
    metrics,
    clock,
    logger,
    onFatal: fail,
    options: {
      prefetchMessages: config.FOLLOWER_PREFETCH_MESSAGES,
      maxOrdersPerSecond: config.FOLLOWER_MAX_ORDERS_PER_SECOND,
      retryDelaysMs: topology.retryDelaysMs,
    },
  });
  const leftOpen = {
    start: async () => undefined,
    stop: async () => ('stop' in follower ? (follower as { stop(): Promise<void> }).stop() : undefined),
  };
  const ledgerKnown = {
    ...ledger,
    // Else it would pass for away until the first event.
    start: () => ledger.start().then(() => metrics.dependencies.set('postgres', true)),
  };
  return inOrder([
    leftOpen,
    startedWithin(0, ledgerKnown),
    startedWithin(neighbourPatienceMs, publisher),
    startedWithin(neighbourPatienceMs, runner),
  ]);
}

/** The queues of a follower as the configuration wants them. */
export function topologyOf(follower: Follower, config: Config): FollowerTopology {
  const { FOLLOWER_ATTEMPTS: attempts, FOLLOWER_RETRY_MS: retryMs } = config;
  return {
    name: follower.name,
    bindings: follower.bindings,
    singleActiveConsumer: follower.keepsOrder === true,
    ...(follower.name === 'bridge' ? { publishesTo: config.EVENT_BRIDGE_EXCHANGE } : {}),
    retryDelaysMs: Array.from({ length: attempts - 1 }, (_, i) => retryMs * 2 ** i),
  };
}
