import { isOrderError } from '../order/errors.ts';
import type { Actor, Trail, TrailOutcome } from '../order/ports/trail.ts';
import type { Logger } from '../platform/logger.ts';

const saidMaxLength = 500;

/** Does a piece of work and puts it in the trail; resolves and rejects as the work does. */
export type RecordAction = <T>(
  action: string,
  details: Readonly<{ [name: string]: unknown }>,
  work: () => Promise<T>,
  /** What came of it, for people. */
  say: (result: T) => string,
) => Promise<T>;

/**
 * Puts what an operator does in the audit trail: before it is done, so that a crash in between leaves a trace, and
 * how it ended. What can't be noted is not done: it rejects with `ledger-unavailable`.
 */
export function createRecorder(deps: {
  trail: Pick<Trail, 'beginEntry' | 'endEntry'>;
  logger: Logger;
}): (actor: Actor) => RecordAction {
  const { trail, logger } = deps;
  return (actor) => {
    const by = { via: actor.via, who: nameOf(actor.who) };
    return async (action, details, work, say) => {
      const id = await trail.beginEntry({ ...by, action, details });
      const end = async (outcome: TrailOutcome, said: string) => {
        const text = printable(said).slice(0, saidMaxLength);
        logger.info({ ...by, action, details, outcome, said: text }, 'an operator’s action');
        // The work is done or refused by now: its answer must not depend on this.
        await trail.endEntry(id, outcome, text).catch((error: unknown) => {
          logger.warn({ err: error, id }, 'how an action ended could not be noted in the trail');
        });
      };
      try {
        const result = await work();
        await end('done', say(result));
        return result;
      } catch (error) {
        const said = error instanceof Error ? error.message : String(error);
        await end(isRefusal(error) ? 'refused' : 'failed', said);
        throw error;
      }
    };
  };
}

const whoMaxLength = 64;

/** A name as it is kept: printable, short, never empty. */
export function nameOf(who: string): string {
  return printable(who).trim().slice(0, whoMaxLength) || 'unnamed';
}

/** No control characters: the database refuses some, terminals obey others. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof RangeError ||
    isOrderError(error, 'sale-change-refused') ||
    isOrderError(error, 'unknown-sale')
  );
}
