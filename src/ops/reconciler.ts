import type { ClaimedOrder } from '../order/order.ts';
import type { Claims, SaleClaims } from '../order/ports/claims.ts';
import type { LedgerOrder, LedgerReader } from '../order/ports/ledger.ts';
import type { OrderPublisher } from '../order/ports/queue.ts';
import type { Logger } from '../platform/logger.ts';
import type { ClusterMetrics } from '../platform/metrics.ts';

export interface ReconcilerOptions {
  readonly confirmTimeoutMs: number;
  readonly envelopeMaxOrders: number;
}

/** What one round found, in orders. */
export interface ReconcilerRound {
  readonly republished: number;
  readonly settled: number;
}

/** What is to be done for one sale, at most 1,000 orders of each kind a round. */
export interface SalePlan {
  readonly saleId: string;
  /** Settled in the ledger; their claims do not know. */
  readonly settle: readonly LedgerOrder[];
  /** Not known to be in the queue, or waiting for longer than the queue explains. */
  readonly republish: readonly ClaimedOrder[];
}

/** Claims looked at per sale and round. */
const roundOrders = 1_000;
/** Beyond the wait that the backlog explains, before an order is looked up in the ledger; a cheap question. */
const lookUpAfterMs = 2_000;
/** The same, before it is taken for lost; covers a drainer's restart and the lag of the counts. */
const lostAfterMs = 15_000;
/** An order that was published again is left alone for as long as one that was published once; then for twice as long. */
const firstPatienceMs = lostAfterMs;
const longestPatienceMs = 60_000;

/**
 * Finishes what a crash or an outage left undone. It walks the oldest claims that have not settled: without a
 * confirm on record for twice the confirm timeout → publish again; accepted for longer than the backlog explains →
 * ask the ledger: there → settle the claim, not there, and the queue has got past it → publish again. Publishing again
 * is always safe, because the ledger is idempotent.
 */
export function createReconciler(deps: {
  claims: Pick<Claims, 'accept' | 'settle'> & Pick<SaleClaims, 'unconfirmed' | 'pending' | 'nowMs'>;
  ledger: Pick<LedgerReader, 'find'>;
  publisher: OrderPublisher;
  metrics: Pick<ClusterMetrics, 'reconciled'>;
  logger: Logger;
  options: ReconcilerOptions;
}) {
  const { claims, ledger, publisher, logger, options } = deps;
  /** When each order was published again last, in Redis time, and for how long that is good. */
  const republished = new Map<string, { readonly atMs: number; readonly patienceMs: number }>();

  async function republish(due: readonly ClaimedOrder[], nowMs: number): Promise<number> {
    for (let i = 0; i < due.length; i += options.envelopeMaxOrders) {
      const part = due.slice(i, i + options.envelopeMaxOrders);
      const saleId = part[0]!.saleId;
      await publisher.publish({ saleId, orders: part });
      // Not before: what could not be published is tried again in the next round.
      for (const order of part) {
        const before = republished.get(keyOf(order));
        const patienceMs = before ? Math.min(2 * before.patienceMs, longestPatienceMs) : firstPatienceMs;
        republished.set(keyOf(order), { atMs: nowMs, patienceMs });
      }
      claims.accept(
        saleId,
        part.map((order) => order.transactionId),
      );
    }
    return due.length;
  }

  async function settle({ saleId, settle: found }: SalePlan): Promise<number> {
    if (found.length === 0) return 0;
    await claims.settle(
      saleId,
      found.map(({ order, ...settled }) => ({
        order: { saleId, transactionId: order.transactionId },
        ...settled,
      })),
    );
    return found.length;
  }

  /** Decides for one sale; changes nothing. */
  async function planSale(
    saleId: string,
    nowMs: number,
    explainedMs: number | undefined,
    passedAgeMs: number,
  ): Promise<SalePlan> {
    const unconfirmed = await claims.unconfirmed(saleId, nowMs - 2 * options.confirmTimeoutMs, roundOrders);
    const late =
      explainedMs === undefined
        ? []
        : await claims.pending(saleId, nowMs - explainedMs - lookUpAfterMs, roundOrders);
    const found = await ledger.find(
      saleId,
      late.map(({ order }) => order.transactionId),
    );
    const lostBeforeMs = nowMs - Math.max(explainedMs ?? 0, passedAgeMs) - lostAfterMs;
    const lost = late.filter(({ order }) => order.claimedAtMs < lostBeforeMs);
    const toRepublish = new Map([...unconfirmed, ...lost].map(({ order }) => [order.transactionId, order]));
    for (const { order } of found) toRepublish.delete(order.transactionId);
    const republish = [...toRepublish.values()].filter((order) => {
      const last = republished.get(keyOf(order));
      return last === undefined || nowMs - last.atMs > last.patienceMs;
    });
    return { saleId, settle: found, republish };
  }

  return {
    /**
     * What a round over these sales would do now; changes nothing, and needs no broker.
     *
     * @param explainedMs as for `round`
     */
    async plan(saleIds: readonly string[], explainedMs: number | undefined): Promise<SalePlan[]> {
      const nowMs = await claims.nowMs();
      const plans: SalePlan[] = [];
      for (const saleId of saleIds) plans.push(await planSale(saleId, nowMs, explainedMs, 0));
      return plans;
    },

    /**
     * One round over these sales.
     *
     * @param explainedMs how long an order may have waited for all we know: the backlog divided by the cap, 0
     *   when the queue is empty, `undefined` while draining is paused (then only unconfirmed claims are looked at).
     * @param passedAgeMs how old a claim must be for the queue to have got past it. A younger one may still be in the
     *   queue, whatever the backlog is by now: it is looked up in the ledger, and not published again. 0 where that
     *   is not known, as to somebody who looks only once.
     */
    async round(
      saleIds: readonly string[],
      explainedMs: number | undefined,
      passedAgeMs = 0,
    ): Promise<ReconcilerRound> {
      const done = { republished: 0, settled: 0 };
      // While the broker is away or blocked nothing can be published; the claims keep.
      if (publisher.state() !== 'up') return done;
      const nowMs = await claims.nowMs();
      for (const [key, { atMs }] of republished) {
        if (nowMs - atMs > 2 * longestPatienceMs) republished.delete(key);
      }
      for (const saleId of saleIds) {
        const plan = await planSale(saleId, nowMs, explainedMs, passedAgeMs);
        done.settled += await settle(plan);
        done.republished += await republish(plan.republish, nowMs);
      }
      if (done.republished + done.settled > 0) logger.warn(done, 'reconciled');
      deps.metrics.reconciled.labels('republished').inc(done.republished);
      deps.metrics.reconciled.labels('settled').inc(done.settled);
      return done;
    },
  };
}
export type Reconciler = ReturnType<typeof createReconciler>;

function keyOf(order: ClaimedOrder): string {
  return `${order.saleId} ${order.transactionId}`;
}
