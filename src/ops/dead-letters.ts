import { isOrderError } from '../order/errors.ts';
import { encodeEvents } from '../order/events.ts';
import { type ClaimedOrder, orderLimits } from '../order/order.ts';
import type { Claims, HoldOutcome, SettledClaim } from '../order/ports/claims.ts';
import type { EventPublisher } from '../order/ports/events.ts';
import type { LedgerReader, LedgerRedrive, RedriveOutcome } from '../order/ports/ledger.ts';
import type { DeadLetterBox, DeadLetterView } from '../order/ports/queue.ts';
import { claimsLiveUntilMs } from '../order/sale.ts';
import type { Settlement } from '../order/states.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { readable, viewOfLetter } from './letter-view.ts';

/** Which letters an operator means. */
export interface LetterChoice {
  /** Letter IDs or transaction IDs; absent: all. */
  readonly ids?: readonly string[];
  /** Of this sale only. */
  readonly saleId?: string;
}

/** What became of one letter. */
export interface HandledLetter {
  readonly id: string;
  readonly saleId: string | null;
  readonly transactionId: string | null;
  /**
   * `confirmed` and `purged`: now, and the letter is gone. `removed`: the order was settled before, or there was none;
   * the letter is gone. `kept`: nothing has changed.
   */
  readonly outcome: 'confirmed' | 'purged' | 'removed' | 'kept';
  /** Why, for people. */
  readonly because: string | null;
}

export interface HandledLetters {
  readonly letters: readonly HandledLetter[];
  /** IDs that no letter has. */
  readonly unknownIds: readonly string[];
}

type Fate = Pick<HandledLetter, 'outcome' | 'because'>;

/**
 * What operators do with dead letters. Each letter goes ledger → claims and events → out of the queue, and every
 * step can be repeated, so a crash at any point is cured by the same command again; of twins, the second finds all done.
 *
 * `redrive` and `purge` reject as the ledger, the claims and the queue do when one of them is away: letters handled
 * before are done, the others lie where they were.
 */
export function createDeadLetterOperations(deps: {
  box: DeadLetterBox;
  ledger: LedgerRedrive & Pick<LedgerReader, 'find' | 'sale'>;
  claims: Pick<Claims, 'settle' | 'holdFailed'>;
  /** Absent: nobody is told what became of orders. */
  events: EventPublisher | undefined;
  clock: Pick<Clock, 'nowMs'>;
  logger: Logger;
}) {
  const { box, ledger, claims, clock, logger } = deps;

  /** Tells the claims, and the world, how an order was settled; nobody minds hearing it again. */
  async function tell(order: ClaimedOrder, settlement: Settlement): Promise<void> {
    await claims.settle(settlement.order.saleId, [settlement]);
    const messages = deps.events ? encodeEvents([{ ...settlement, order }]) : [];
    for (const message of messages) await deps.events?.publishEvents(message);
  }

  /** What was settled for good before the letter came up; all are told again, for they may not know. */
  async function settledBefore(order: ClaimedOrder, settlement: Settlement): Promise<Fate> {
    const { saleId, transactionId } = settlement.order;
    // The letter may hold another order under the same transaction ID.
    const [standing] = await ledger.find(saleId, [transactionId]);
    await tell(standing?.order ?? order, settlement);
    const { status, reason } = settlement;
    return gone(`the order is ${status}${reason ? ` (${reason})` : ''} already`);
  }

  async function livesInClaims(saleId: string): Promise<boolean> {
    const sale = await ledger.sale(saleId);
    return sale !== undefined && !sale.archived && clock.nowMs() < claimsLiveUntilMs(sale);
  }

  /** Why the order's pieces can't be held, or `undefined` where they are, or need not be. */
  async function whyNotHeld(failed: SettledClaim): Promise<string | undefined> {
    const held = await claims.holdFailed(failed);
    if (held === 'sale-unavailable' && !(await livesInClaims(failed.order.saleId))) return undefined;
    return whyNot[held];
  }

  async function redriveOrder(order: ClaimedOrder): Promise<Fate> {
    const fault = faultOf(order);
    if (fault) return kept(`no gateway takes such an order (${fault}): it can only be purged`);
    const { saleId, transactionId } = order;
    const [standing] = await ledger.find(saleId, [transactionId]);
    if (standing && (standing.status !== 'failed' || standing.reason === 'purged')) {
      const { order: _, ...settled } = standing;
      return settledBefore(order, { order: { saleId, transactionId }, ...settled });
    }
    // Before the ledger confirms it, so that it takes nothing that somebody else has been promised.
    const notHeld = await whyNotHeld(
      standing ?? { order, status: 'failed', reason: 'dead-lettered', settledAtMs: clock.nowMs() },
    );
    if (notHeld) return kept(notHeld);
    let redriven: RedriveOutcome;
    try {
      redriven = await ledger.redrive(order);
    } catch (error) {
      if (!isOrderError(error, 'batch-unwritable')) throw error;
      return kept(`it still can't be written: ${error.message}`);
    }
    if (redriven.outcome !== 'settled') return kept(refusals[reasonOf(redriven)]);
    if (redriven.settlement.repeated) return settledBefore(order, redriven.settlement);
    await tell(order, redriven.settlement);
    return { outcome: 'confirmed', because: null };
  }

  async function purgeOrder(order: ClaimedOrder): Promise<Fate> {
    const { saleId, transactionId } = order;
    let settlement: Settlement;
    try {
      settlement = await ledger.purge(order);
    } catch (error) {
      if (!isOrderError(error, 'batch-unwritable')) throw error;
      // No row can hold it, so none will ever say that it is confirmed.
      const settledAtMs = clock.nowMs();
      settlement = { order: { saleId, transactionId }, status: 'failed', reason: 'purged', settledAtMs };
    }
    if (settlement.status !== 'failed') return settledBefore(order, settlement);
    if (settlement.reason !== 'purged')
      return gone('its transaction ID belongs to another order, which stands');
    await tell(order, settlement);
    return { outcome: 'purged', because: null };
  }

  async function takeEach(
    choice: LetterChoice,
    fateOf: (letter: DeadLetterView) => Promise<Fate>,
  ): Promise<HandledLetters> {
    const letters: HandledLetter[] = [];
    const unknown = new Set(choice.ids);
    await box.take(
      (letter) => isChosen(letter, choice),
      async (letter) => {
        unknown.delete(letter.id);
        unknown.delete(letter.order?.transactionId ?? '');
        const fate = await fateOf(letter).catch((error: unknown) => {
          // An expected failure is a neighbour's and stops the work; what breaks our code concerns this letter.
          if (isOrderError(error)) throw error;
          logger.error({ err: error, letterId: letter.id }, 'a dead letter broke the code');
          return kept(`it breaks the code: ${error instanceof Error ? error.message : String(error)}`);
        });
        const handled = {
          id: letter.id,
          saleId: letter.order?.saleId ?? null,
          transactionId: letter.order?.transactionId ?? null,
          ...fate,
        };
        logger.info(handled, 'a dead letter was handled');
        letters.push(handled);
        return fate.outcome === 'kept' ? 'keep' : 'done';
      },
    );
    return { letters, unknownIds: [...unknown] };
  }

  return {
    /** The oldest `limit` letters, for people and programs. */
    async list(limit: number) {
      return (await box.list(limit)).map(viewOf);
    },

    /**
     * Sends failed orders through the ledger again. What stock, customer limit or a constraint still forbids stays
     * failed and keeps its letter.
     */
    redrive: (choice: LetterChoice) =>
      takeEach(choice, async ({ order }) =>
        order ? redriveOrder(order) : kept('it is no order that can be read: it can only be purged'),
      ),

    /** Gives failed orders up: their pieces, and their customers', go back on sale, once. */
    purge: (choice: LetterChoice) =>
      takeEach(choice, async ({ order }) =>
        order ? purgeOrder(order) : gone('it was no order that can be read'),
      ),
  };
}
export type DeadLetterOperations = ReturnType<typeof createDeadLetterOperations>;
export type ListedLetter = ReturnType<typeof viewOf>;

function viewOf({ order, content, ...letter }: DeadLetterView) {
  return { ...viewOfLetter(letter), order: order ?? null, content: readable(content) };
}

function isChosen({ id, order }: DeadLetterView, { ids, saleId }: LetterChoice): boolean {
  if (saleId !== undefined && order?.saleId !== saleId) return false;
  if (ids === undefined) return true;
  return ids.includes(id) || (order !== undefined && ids.includes(order.transactionId));
}

const refusals = {
  paused: 'draining is paused: resume it first',
  differs: 'its transaction ID belongs to another order, which failed too: it can only be purged',
  'sold-out': 'sold out: the ledger has not enough stock left',
  'customer-limit': "it would exceed the customer's limit",
  'unknown-sku': 'the ledger does not know the SKU: add it to the sale first',
} as const;

function reasonOf(redriven: Exclude<RedriveOutcome, { outcome: 'settled' }>): keyof typeof refusals {
  return redriven.outcome === 'refused' ? redriven.reason : redriven.outcome;
}

const whyNot: Readonly<Record<HoldOutcome, string | undefined>> = {
  held: undefined,
  'held-before': undefined,
  'sale-unavailable': 'Redis does not hold the sale now, or it is being rebuilt: try again later',
  'another-order': 'the claim under its transaction ID is another order: it can only be purged',
  'customer-limit': refusals['customer-limit'],
  'sold-out': 'sold out: other orders have claimed what is left',
  'not-an-order': 'no gateway takes such an order: it can only be purged',
};

/** The first thing about an order that no gateway would have let through; a message can say anything. */
function faultOf(order: ClaimedOrder): string | undefined {
  const { saleIdPattern, skuPattern, transactionIdPattern, customerIdPattern } = orderLimits;
  const fits = (pattern: string, text: string) => new RegExp(pattern).test(text);
  if (!fits(saleIdPattern, order.saleId)) return 'its sale ID';
  if (!fits(transactionIdPattern, order.transactionId)) return 'its transaction ID';
  if (!fits(skuPattern, order.sku)) return 'its SKU';
  if (!fits(customerIdPattern, order.customerId)) return 'its customer ID';
  return undefined;
}

function kept(because: string): Fate {
  return { outcome: 'kept', because };
}

function gone(because: string): Fate {
  return { outcome: 'removed', because };
}
