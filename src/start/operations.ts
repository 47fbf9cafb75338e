import { hostname, userInfo } from 'node:os';
import { createDeadLetterOperations } from '../ops/dead-letters.ts';
import type { FollowerLetters } from '../ops/follower-letters.ts';
import { createSaleWindow } from '../ops/sale-window.ts';
import { createSaleOperations } from '../ops/sales.ts';
import { createSteering } from '../ops/steering.ts';
import type { EventPublisher } from '../order/ports/events.ts';
import { systemClock } from '../platform/clock.ts';
import type { Config } from '../platform/config/config.ts';
import { readConfig } from '../platform/config/read.ts';
import { createLogger } from '../platform/logger.ts';
import { createDeadLetters } from '../queue/dead-letters.ts';
import type { Publisher } from '../queue/publisher.ts';
import { claimsFor, followerLettersFor, ledgerFor, publisherFor } from './stages.ts';
import { findTarget, type Target } from './target.ts';

const connectDeadlineMs = 10_000;

/** What a command works with, connected. What it changes stands in the audit trail. */
export interface Operations {
  readonly config: Config;
  readonly target: Target;
  readonly ledger: ReturnType<typeof ledgerFor>;
  readonly claims: ReturnType<typeof claimsFor>;
  readonly sales: ReturnType<typeof createSaleOperations>;
  readonly deadLetters: ReturnType<typeof createDeadLetterOperations>;
  readonly followerLetters: Pick<FollowerLetters, 'list'> & ReturnType<FollowerLetters['as']>;
}

/**
 * Connects to the running instance of this folder, or to what the environment names, for one piece of work.
 * Never starts a server.
 */
export async function withOperations<T>(
  work: (operations: Operations) => Promise<T>,
  target?: Target,
): Promise<T> {
  const config = readConfig();
  const on = target ?? findTarget(config, process.cwd());
  const logger = createLogger('command', 'error');
  const context = { config, target: on, logger, clock: systemClock };
  const ledger = ledgerFor(context, 'command');
  const claims = claimsFor(context);
  const publisher = publisherFor(context);
  try {
    await within(connectDeadlineMs, 'PostgreSQL does not answer', ledger.start());
    await within(connectDeadlineMs, 'Redis does not answer', claims.start());
    const sales = createSaleOperations({ ledger, claims, clock: systemClock });
    const box = createDeadLetters({ amqpUrl: on.amqpUrl, logger });
    const deadLetters = createDeadLetterOperations({
      ...{ box, ledger, claims, clock: systemClock, logger },
      events: config.EVENTS === 'on' ? startedWhenUsed(publisher) : undefined,
    });
    const saleWindow = createSaleWindow({ ledger, sales, clock: systemClock });
    const steering = createSteering({ ledger, sales, saleWindow, deadLetters, trail: ledger, logger });
    const actor = { who: userOfThisMachine(), via: 'command' } as const;
    const steer = steering(actor);
    const letters = followerLettersFor(context, { publisher: startedWhenUsed(publisher), trail: ledger });
    return await work({
      config,
      target: on,
      ledger: { ...ledger, setCap: steer.setCap, setPaused: steer.setPaused },
      claims,
      sales: { ...sales, apply: steer.applySale, restock: steer.restock, archive: steer.archiveSale },
      deadLetters: { ...deadLetters, redrive: steer.redrive, purge: steer.purge },
      followerLetters: { list: letters.list, ...letters.as(actor) },
    });
  } finally {
    await Promise.all([claims, ledger, publisher].map((part) => part.stop(1_000).catch(() => {})));
  }
}

/** Few commands publish anything: the others need no broker. */
function startedWhenUsed(publisher: Publisher): EventPublisher & Pick<Publisher, 'send'> {
  const started = () => within(connectDeadlineMs, 'RabbitMQ does not answer', publisher.start());
  return {
    publishEvents: (message) => started().then(() => publisher.publishEvents(message)),
    send: (message) => started().then(() => publisher.send(message)),
  };
}

function userOfThisMachine(): string {
  let user = `user ${process.getuid?.() ?? ''}`;
  try {
    user = userInfo().username;
  } catch {
    // A container's user need not have a name.
  }
  return `${user}@${hostname()}`;
}

async function within<T>(ms: number, complaint: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${complaint} within ${ms / 1_000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}
