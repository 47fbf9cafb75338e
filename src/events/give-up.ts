import { isOrderError } from '../order/errors.ts';
import type { OrderEvent } from '../order/events.ts';
import type { FollowerQueues } from '../order/ports/events.ts';
import { createBackOff } from '../platform/back-off.ts';
import type { Clock } from '../platform/clock.ts';
import type { FollowerMetrics } from '../platform/follower-metrics.ts';
import type { Logger } from '../platform/logger.ts';
import type { EffectError } from './follower.ts';

/** Texts of errors travel in headers, which must fit into one frame of the broker. */
const reasonMaxCharacters = 500;

/** What follows when an effect did not happen: another attempt later, or a dead letter. */
export function createGiveUp(deps: {
  queues: FollowerQueues;
  metrics: Pick<FollowerMetrics, 'failures' | 'retries' | 'deadLettered'>;
  clock: Clock;
  logger: Logger;
  /** Aborted when nothing should be waited for any longer. */
  signal: AbortSignal;
}) {
  const { queues, metrics, clock, logger } = deps;

  /** Resolves with whether it is done; only an abort keeps it from that. */
  async function untilDone(work: () => Promise<void>): Promise<boolean> {
    const backOff = createBackOff({ firstMs: 50, maxMs: 2_000 });
    for (;;) {
      try {
        await work();
        return true;
      } catch (error) {
        if (!isOrderError(error) || error.disposition !== 'retry') throw error;
        if (deps.signal.aborted) return false;
        logger.warn({ err: error }, 'an event cannot be put aside; trying again');
        await clock.sleep(backOff.nextMs(), deps.signal);
      }
    }
  }

  async function bury(
    letter: { readonly event: OrderEvent | undefined; readonly content?: Buffer },
    reason: string,
    cause: string,
    history: readonly string[],
  ): Promise<boolean> {
    logger.error({ eventId: letter.event?.id, reason, cause }, 'dead letter');
    const failedAtMs = clock.nowMs();
    const buried = await untilDone(() =>
      queues.deadLetter({ ...letter, reason, cause, failedAtMs, history }),
    );
    if (buried) metrics.deadLettered.inc();
    return buried;
  }

  function line(error: EffectError): string {
    return `failed ${new Date(clock.nowMs()).toISOString()}: ${error.message.slice(0, reasonMaxCharacters)}`;
  }

  return {
    line,
    /**
     * Puts an event aside. Resolves with whether the broker has it: where not, it is still where it came from.
     *
     * @param failures how often it has failed, this time included
     * @param history a line for each failure before
     */
    async event(
      event: OrderEvent,
      error: EffectError,
      failures: number,
      history: readonly string[],
    ): Promise<boolean> {
      const story = [...history, line(error)];
      const cause = error.message.slice(0, reasonMaxCharacters);
      if (error.code === 'effect-refused') return bury({ event }, 'it can never be handled', cause, story);
      if (failures >= queues.attempts) {
        return bury({ event }, `it failed ${failures} times`, cause, story);
      }
      const aside = await untilDone(() => queues.retry(event, failures, story));
      if (aside) metrics.retries.inc();
      return aside;
    },
    /** Sets aside what could not be understood. */
    unreadable: (content: Buffer, reason: string) =>
      bury({ event: undefined, content }, 'it could not be understood', reason, []),
  };
}
