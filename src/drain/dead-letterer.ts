import type { OrderError } from '../order/errors.ts';
import { isOrderError } from '../order/errors.ts';
import type { Ledger } from '../order/ports/ledger.ts';
import type { DeadLetterPublisher } from '../order/ports/queue.ts';
import type { Settlement } from '../order/states.ts';
import { createBackOff } from '../platform/back-off.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { BatchEntry } from './batcher.ts';
import type { WrittenBatch } from './write-batch.ts';

/**
 * Takes orders that can't be confirmed out of the path: first the dead letter (confirmed by the broker), then the
 * row that says `failed`. A crash in between repeats both; a twin of a dead letter is harmless.
 */
export function createDeadLetterer(deps: {
  deadLetters: DeadLetterPublisher;
  ledger: Pick<Ledger, 'recordFailed'>;
  clock: Clock;
  logger: Logger;
}) {
  async function untilDone<T>(what: string, work: () => Promise<T>): Promise<T> {
    const backOff = createBackOff({ firstMs: 100, maxMs: 5_000 });
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isOrderError(error) || error.disposition !== 'retry') throw error;
        deps.logger.warn({ err: error }, `${what} failed; trying again`);
        await deps.clock.sleep(backOff.nextMs());
      }
    }
  }

  async function one(entry: BatchEntry, reason: string, cause: string): Promise<void> {
    const { order } = entry;
    deps.logger.error(
      { saleId: order.saleId, transactionId: order.transactionId, reason, cause },
      'dead letter',
    );
    await untilDone('the dead letter', () =>
      deps.deadLetters.deadLetter({
        order,
        reason,
        cause,
        failedAtMs: deps.clock.nowMs(),
        history: [
          `claimed ${timeOf(order.claimedAtMs)}`,
          `${entry.delivery.delivery.redelivered ? 'redelivered' : 'delivered'} to a drainer`,
          `failed ${timeOf(deps.clock.nowMs())}: ${cause}`,
        ],
      }),
    );
  }

  /** The row that says `failed`; where even that can't be written, the dead letter alone tells. */
  async function record(entry: BatchEntry): Promise<Settlement> {
    try {
      return await untilDone('the failed order', () =>
        deps.ledger.recordFailed(entry.order, 'dead-lettered'),
      );
    } catch (error) {
      if (!isOrderError(error, 'batch-unwritable')) throw error;
      const { saleId, transactionId } = entry.order;
      return {
        order: { saleId, transactionId },
        status: 'failed',
        reason: 'dead-lettered',
        settledAtMs: deps.clock.nowMs(),
      };
    }
  }

  return {
    /** Dead-letters the unwritable orders of a batch, and those that the ledger has settled as failed now. */
    async orders(
      written: WrittenBatch<BatchEntry>,
    ): Promise<{ settlements: Settlement[]; done: BatchEntry[] }> {
      for (const { entry, settlement } of written.settled) {
        // A redelivery may be what a crash between the commit and the dead letter left: a twin is harmless.
        const isNew = !settlement.repeated || entry.delivery.delivery.redelivered;
        const isGivenUp = settlement.reason === 'purged';
        if (settlement.status === 'failed' && isNew && !isGivenUp) {
          await one(entry, 'the ledger refused the order', settlement.reason ?? 'failed');
        }
      }
      const settlements: Settlement[] = [];
      for (const { entry, error } of written.unwritable) {
        await one(entry, 'the order cannot be written', describe(error));
        settlements.push(await record(entry));
      }
      return { settlements, done: written.unwritable.map(({ entry }) => entry) };
    },

    /** Dead-letters a message that is not an envelope, then acknowledges it. */
    async unreadable(content: Buffer, error: OrderError, ack: () => void): Promise<void> {
      deps.logger.error({ err: error }, 'dead letter: a message that is not an envelope');
      await untilDone('the dead letter', () =>
        deps.deadLetters.deadLetter({
          order: undefined,
          content,
          reason: 'the message is not an envelope',
          cause: describe(error),
          failedAtMs: deps.clock.nowMs(),
          history: [`failed ${timeOf(deps.clock.nowMs())}: ${describe(error)}`],
        }),
      );
      ack();
    },
  };
}

/** Headers must fit into one frame of the broker, cause and history together. */
const causeMaxCharacters = 2_000;

function describe(error: OrderError): string {
  const { cause } = error;
  const code =
    cause && typeof cause === 'object' && 'code' in cause ? ` (SQLSTATE ${String(cause.code)})` : '';
  return `${error.message.slice(0, causeMaxCharacters)}${code}`;
}

/** A message can claim any time, even one that no date can hold. */
function timeOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `at ${ms} ms` : date.toISOString();
}
