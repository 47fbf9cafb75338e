import { isOrderError } from '../order/errors.ts';
import type { ClaimedOrder, Order } from '../order/order.ts';
import type { ClaimOutcome, Claims, OrderView } from '../order/ports/claims.ts';
import type { OrderPublisher } from '../order/ports/queue.ts';
import { claimsLiveUntilMs } from '../order/sale.ts';
import type { Clock } from '../platform/clock.ts';
import { coalesce } from '../platform/coalesce.ts';
import type { HitFailpoint } from '../platform/failpoints.ts';
import type { IntakeMetrics } from '../platform/metrics.ts';
import type { Admission, AdmissionReason } from './admission.ts';
import type { BoardSale, SaleBoard } from './sale-board.ts';
import { createUnderWay } from './under-way.ts';

/** The answer to one order. */
export type PlaceOutcome =
  | { readonly outcome: 'accepted'; readonly order: ClaimedOrder; readonly position: number }
  | { readonly outcome: 'replayed'; readonly view: OrderView }
  | Exclude<ClaimOutcome, { outcome: 'claimed' | 'replayed' | 'sale-unavailable' }>
  | { readonly outcome: 'unknown-sale' }
  | {
      readonly outcome: 'unavailable';
      readonly reason: AdmissionReason | 'sale-rebuilding' | 'claims-refused';
    }
  | { readonly outcome: 'outcome-unknown' };

/** A claim's outcome with, where an envelope carries the order, that envelope's confirm. */
interface Claimed {
  readonly outcome: ClaimOutcome;
  /** Resolves with whether the broker has confirmed; never rejects. */
  readonly confirmed?: Promise<boolean>;
}

/** Claims under way per sale at once; calls that arrive meanwhile fill the next ones. */
const maxConcurrentClaims = 8;
/**
 * Under a crowd a claim call, an envelope and their two fsyncs carry 2 ms of orders, or 16 of them, whichever is
 * first: with a call per event-loop turn they carried five, and Redis and RabbitMQ took twice the processor. See
 * docs/decisions/gathering.md.
 */
const gatherMs = 2;
const gatherOrders = 16;

/**
 * Places orders: admit, claim, publish, and only after the broker's confirm say "accepted".
 *
 * Orders that arrive within one turn of the event loop share one claim call and one envelope.
 */
export function createOrderPlacement(deps: {
  claims: Pick<Claims, 'claim' | 'accept'>;
  publisher: Pick<OrderPublisher, 'publish'>;
  board: Pick<SaleBoard, 'sale' | 'refresh'>;
  admission: Admission;
  envelopeMaxOrders: number;
  metrics: Pick<IntakeMetrics, 'envelopeOrders'>;
  hitFailpoint: HitFailpoint;
  clock: Pick<Clock, 'nowMs'>;
}) {
  const underWay = createUnderWay();
  /** One coalescer per sale; those of sales that are gone from the board are dropped. */
  const claimers = new Map<string, (order: Order) => Promise<Claimed>>();

  async function claimAndPublish(saleId: string, orders: Order[]): Promise<Claimed[]> {
    // Read anew: the epoch may have risen while the orders waited for this call.
    const epoch = deps.board.sale(saleId)?.epoch ?? -1;
    const outcomes = await deps.claims.claim(saleId, epoch, orders);
    deps.hitFailpoint('claim-publish');
    const toPublish: ClaimedOrder[] = [];
    for (let i = 0; i < outcomes.length; i++) {
      const outcome = outcomes[i]!;
      if (outcome.outcome === 'claimed') toPublish.push(traced(outcome.order, orders[i]!));
      else if (isUnconfirmed(outcome) && !isCarried(outcome.view.order, toPublish)) {
        toPublish.push(outcome.view.order);
      }
    }
    const confirmed = toPublish.length > 0 ? publish(saleId, toPublish) : undefined;
    return outcomes.map((outcome) => {
      if (outcome.outcome === 'claimed') return { outcome, confirmed: confirmed! };
      if (!isUnconfirmed(outcome)) return { outcome };
      return { outcome, confirmed: confirmOf(outcome.view.order)! };
    });
  }

  function confirmOf({ saleId, transactionId }: ClaimedOrder): Promise<boolean> | undefined {
    return underWay.confirmOf(saleId, transactionId);
  }

  /** Whether this process is waiting for a confirm of the order already; if not, publishing again is safe. */
  function isCarried(order: ClaimedOrder, envelope: readonly ClaimedOrder[]): boolean {
    return confirmOf(order) !== undefined || envelope.some((o) => o.transactionId === order.transactionId);
  }

  function publish(saleId: string, orders: ClaimedOrder[]): Promise<boolean> {
    const transactionIds = orders.map((order) => order.transactionId);
    deps.metrics.envelopeOrders.observe(orders.length);
    const publishing = deps.publisher.publish({ saleId, orders });
    deps.hitFailpoint('publish-confirm');
    const confirmed = publishing.then(
      () => {
        deps.hitFailpoint('confirm-accept');
        deps.claims.accept(saleId, transactionIds);
        return true;
      },
      () => false,
    );
    underWay.add(saleId, transactionIds, confirmed);
    return confirmed;
  }

  function claimerOf(saleId: string): (order: Order) => Promise<Claimed> {
    let claimer = claimers.get(saleId);
    if (!claimer) {
      for (const known of claimers.keys()) if (!deps.board.sale(known)) claimers.delete(known);
      claimer = coalesce((orders: Order[]) => claimAndPublish(saleId, orders), {
        maxBatch: deps.envelopeMaxOrders,
        maxConcurrent: maxConcurrentClaims,
        gatherMs,
        gatherItems: gatherOrders,
      });
      claimers.set(saleId, claimer);
    }
    return claimer;
  }

  async function claim(sale: BoardSale, order: Order): Promise<PlaceOutcome> {
    let claimed: Claimed;
    try {
      claimed = await claimerOf(sale.saleId)(order);
    } catch (error) {
      if (isOrderError(error, 'claims-unavailable'))
        return { outcome: 'unavailable', reason: 'claims-refused' };
      if (isOrderError(error, 'claims-timeout')) return { outcome: 'outcome-unknown' };
      throw error;
    }
    const { outcome, confirmed } = claimed;
    if (outcome.outcome === 'sale-unavailable') {
      // Its claims have been gone since then, and will not be rebuilt.
      if (deps.clock.nowMs() >= claimsLiveUntilMs(sale)) return { outcome: 'sale-closed' };
      void deps.board.refresh();
      return { outcome: 'unavailable', reason: 'sale-rebuilding' };
    }
    if (outcome.outcome === 'claimed') {
      if (!(await confirmed!)) return { outcome: 'outcome-unknown' };
      return { outcome: 'accepted', order: outcome.order, position: outcome.position };
    }
    if (isUnconfirmed(outcome)) {
      if (!(await confirmed)) return { outcome: 'outcome-unknown' };
      return { outcome: 'replayed', view: { ...outcome.view, status: 'accepted' } };
    }
    return outcome;
  }

  return async function place(saleId: string, order: Order): Promise<PlaceOutcome> {
    const refusal = deps.admission.refusal();
    if (refusal) return { outcome: 'unavailable', reason: refusal };
    const sale = deps.board.sale(saleId);
    if (!sale) return { outcome: 'unknown-sale' };
    if (!sale.bySku.has(order.sku)) return { outcome: 'unknown-sku' };
    deps.admission.enter();
    try {
      return await claim(sale, order);
    } finally {
      deps.admission.leave();
    }
  };
}
export type PlaceOrder = ReturnType<typeof createOrderPlacement>;

function isUnconfirmed(outcome: ClaimOutcome): outcome is Extract<ClaimOutcome, { outcome: 'replayed' }> {
  return outcome.outcome === 'replayed' && outcome.view.status === 'pending';
}

/** The claims do not keep the trace of the request, so it goes around them. */
function traced(claimed: ClaimedOrder, { traceparent }: Order): ClaimedOrder {
  return traceparent === undefined ? claimed : { ...claimed, traceparent };
}
