import { hostname } from 'node:os';
import { createClaims } from '../claim/claims.ts';
import { createLedger } from '../ledger/ledger.ts';
import { createFollowerLetters } from '../ops/follower-letters.ts';
import type { Trail } from '../order/ports/trail.ts';
import { createEventLetters } from '../queue/dead-letters.ts';
import { createFollowerQueues } from '../queue/follower-messages.ts';
import { createPublisher, type Publisher, type PublisherOptions } from '../queue/publisher.ts';
import type { RoleContext } from './role.ts';

/** How long the hot path leaves Redis, and the broker, alone after a timeout before it asks again. */
const reopenAfterMs = 500;
/** Confirms wait this long for a claim call to travel with. */
const acceptFlushMs = 5;
/** Envelopes on their way to the broker at once. */
const maxUnconfirmed = 2_000;

type Context = Pick<RoleContext, 'config' | 'target' | 'logger' | 'clock'>;

/** The claim stage as the configuration wants it. */
export function claimsFor({ config, target, logger, clock }: Context) {
  return createClaims({
    redisUrl: target.redisUrl,
    commandTimeoutMs: config.CLAIM_TIMEOUT_MS,
    reopenAfterMs,
    acceptFlushMs,
    logger,
    clock,
  });
}

/** The ledger stage as the configuration wants it. */
export function ledgerFor({ config, target, logger, clock }: Context, role: string) {
  return createLedger({
    databaseUrl: target.databaseUrl,
    poolSize: config.LEDGER_POOL_SIZE,
    statementTimeoutMs: config.STATEMENT_TIMEOUT_MS,
    batchMaxOrders: config.BATCH_MAX_ORDERS,
    applicationName: `sluice ${role}`,
    logger,
    clock,
  });
}

/** The publishing side of the queue as the configuration wants it. */
export function publisherFor(
  { config, target, logger, clock }: Context,
  onState?: (state: string) => void,
  declare?: PublisherOptions['declare'],
) {
  return createPublisher({
    amqpUrl: target.amqpUrl,
    confirmTimeoutMs: config.CONFIRM_TIMEOUT_MS,
    maxUnconfirmed,
    breakerOpenMs: reopenAfterMs,
    logger,
    clock,
    ...(onState ? { onState } : {}),
    ...(declare ? { declare } : {}),
  });
}

/** What operators do with the dead letters of followers. */
export function followerLettersFor(
  { target, logger }: Pick<Context, 'target' | 'logger'>,
  deps: { publisher: Pick<Publisher, 'send'>; trail: Pick<Trail, 'beginEntry' | 'endEntry'> },
) {
  return createFollowerLetters({
    boxOf: (follower) => createEventLetters({ amqpUrl: target.amqpUrl, logger }, follower),
    enqueue: (name, event) =>
      createFollowerQueues(deps.publisher, { name, retryDelaysMs: [] }).replay([event]),
    trail: deps.trail,
    logger,
  });
}

/** Names a process in the cluster. */
export function processId(): string {
  return `${hostname()}-${process.pid}`;
}
