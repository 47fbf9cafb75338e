import { createDrainer } from '../drain/drainer.ts';
import { createDrainMetrics } from '../platform/metrics.ts';
import { createConsumer } from '../queue/consumer.ts';
import { createAnnouncer } from './announcer.ts';
import { inOrder, startedWithin } from './in-order.ts';
import type { Role, RoleContext } from './role.ts';
import { claimsFor, ledgerFor, publisherFor } from './stages.ts';

/** The drainer role: consumer, ledger and claims, with a publisher for dead letters and events. */
export function composeDrainer(context: RoleContext): Role {
  const { config, target, logger, clock, registry, hitFailpoint, fail } = context;
  const metrics = createDrainMetrics(registry);
  const claims = claimsFor(context);
  metrics.dependencies.from('redis', () => claims.available());
  const ledger = ledgerFor(context, 'drainer');
  const publisher = publisherFor(context, (state) => metrics.dependencies.set('rabbitmq', state === 'up'));
  const drainer = createDrainer({
    createConsumer: (handlers) => createConsumer({ amqpUrl: target.amqpUrl, handlers, logger, clock }),
    ledger,
    claims,
    deadLetters: publisher,
    events: config.EVENTS === 'on' ? publisher : undefined,
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
  // The ledger goes on while Redis is away: the reconciler settles those claims later.
  return inOrder([
    ledger,
    startedWithin(0, claims),
    startedWithin(0, publisher),
    drainer,
    createAnnouncer({ role: 'drainer', registry, claims, clock }),
  ]);
}
