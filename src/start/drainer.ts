import { createDrainer } from '../drain/drainer.ts';
import { createDrainMetrics } from '../platform/metrics.ts';
import { createConsumer } from '../queue/consumer.ts';
import { inOrder } from './in-order.ts';
import type { Role, RoleContext } from './role.ts';
import { claimsFor, ledgerFor, publisherFor } from './stages.ts';

/** The drainer role: consumer, ledger and claims, with a publisher for dead letters. */
export function composeDrainer(context: RoleContext): Role {
  const { config, target, logger, clock, registry, hitFailpoint, fail } = context;
  const metrics = createDrainMetrics(registry);
  const claims = claimsFor(context);
  const ledger = ledgerFor(context, 'drainer');
  const publisher = publisherFor(context, (state) => metrics.dependencies.set('rabbitmq', state === 'up'));
  const drainer = createDrainer({
    createConsumer: (handlers) => createConsumer({ amqpUrl: target.amqpUrl, handlers, logger, clock }),
    ledger,
    claims,
    deadLetters: publisher,
    metrics,
    clock,
    logger,
    hitFailpoint,
    onFatal: fail,
    options: {
      batchMaxAgeMs: config.BATCH_MAX_AGE_MS,
      prefetchEnvelopes: config.PREFETCH_ENVELOPES,
    },
  });
  // Claims are not waited for: the ledger goes on while Redis is away, and the reconciler settles later.
  const claimsWithoutWaiting = {
    start: async () => void claims.start().catch((error: unknown) => logger.debug({ err: error }, 'claims')),
    stop: (ms: number) => claims.stop(ms),
  };
  return inOrder([ledger, claimsWithoutWaiting, publisher, drainer]);
}
