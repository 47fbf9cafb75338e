import { createSaleOperations } from '../ops/sales.ts';
import { systemClock } from '../platform/clock.ts';
import { type Config, readConfig } from '../platform/config/read.ts';
import { createLogger } from '../platform/logger.ts';
import { claimsFor, ledgerFor } from './stages.ts';
import { findTarget, type Target } from './target.ts';

const connectDeadlineMs = 10_000;

/** What a command works with, connected. */
export interface Operations {
  readonly config: Config;
  readonly target: Target;
  readonly ledger: ReturnType<typeof ledgerFor>;
  readonly claims: ReturnType<typeof claimsFor>;
  readonly sales: ReturnType<typeof createSaleOperations>;
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
  try {
    await within(connectDeadlineMs, 'PostgreSQL does not answer', ledger.start());
    await within(connectDeadlineMs, 'Redis does not answer', claims.start());
    return await work({
      config,
      target: on,
      ledger,
      claims,
      sales: createSaleOperations({ ledger, claims, clock: systemClock }),
    });
  } finally {
    await Promise.all([claims.stop(1_000).catch(() => {}), ledger.stop(1_000).catch(() => {})]);
  }
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
