import { fingerprint, type Order } from '../order/order.ts';
import type { ClaimOutcome, OrderView } from '../order/ports/claims.ts';
import type { Sale } from '../order/sale.ts';
import type { SettledStatus } from '../order/states.ts';

/** A failed order that was purged is a state of its own here. */
export type ModelStatus = SettledStatus | 'purged';

interface ModelClaim {
  readonly order: Order;
  readonly sequence: number;
  unconfirmed: boolean;
  status: ModelStatus | undefined;
}

/** What an answer says, without times, which only Redis knows. */
export type Said =
  | readonly ['claimed', sequence: number, position: number]
  | readonly ['replayed', status: string, sequence: number, position: number | undefined]
  | readonly [Exclude<ClaimOutcome['outcome'], 'claimed' | 'replayed'>];

/** One open sale as the claim stage should keep it, in the plainest words. */
export function createClaimModel(sale: Sale) {
  const left = new Map(sale.items.map((item) => [item.sku, item.stock]));
  const limits = new Map(sale.items.map((item) => [item.sku, item.customerLimit]));
  const claims = new Map<string, ModelClaim>();
  let epoch = 1;

  const all = () => [...claims.values()];
  const settledClaims = () => all().filter(({ status }) => status !== undefined).length;
  const pieces = (match: (claim: ModelClaim) => boolean) =>
    all()
      .filter(match)
      .reduce((sum, { order }) => sum + order.quantity, 0);
  const held = (sku: string) =>
    pieces((c) => c.order.sku === sku && (c.status === undefined || c.status === 'failed'));
  const positionOf = (sequence: number, settled: number) => Math.max(1, sequence - settled);

  function describe(claim: ModelClaim): Said {
    if (claim.status !== undefined) {
      return ['replayed', claim.status === 'purged' ? 'failed' : claim.status, claim.sequence, undefined];
    }
    const status = claim.unconfirmed ? 'pending' : 'accepted';
    return ['replayed', status, claim.sequence, positionOf(claim.sequence, settledClaims())];
  }

  function claimOne(seenEpoch: number, order: Order): Said {
    const known = claims.get(order.transactionId);
    if (known !== undefined) {
      return fingerprint(known.order) === fingerprint(order) ? describe(known) : ['transaction-id-reused'];
    }
    if (seenEpoch !== epoch) return ['sale-unavailable'];
    const stock = left.get(order.sku);
    if (stock === undefined) return ['unknown-sku'];
    const limit = limits.get(order.sku);
    const bought = pieces(
      (c) => c.order.sku === order.sku && c.order.customerId === order.customerId && c.status !== 'purged',
    );
    if (limit !== undefined && bought + order.quantity > limit) return ['customer-limit'];
    if (order.quantity > stock) return ['sold-out'];
    left.set(order.sku, stock - order.quantity);
    const sequence = claims.size + 1;
    claims.set(order.transactionId, { order, sequence, unconfirmed: true, status: undefined });
    return ['claimed', sequence, positionOf(sequence, settledClaims())];
  }

  return {
    epoch: () => epoch,
    raiseEpoch: () => (epoch += 1),
    left,
    restock(sku: string, more: number): void {
      left.set(sku, left.get(sku)! + more);
    },
    claim(seenEpoch: number, orders: readonly Order[], confirmed: readonly string[]): Said[] {
      for (const id of confirmed) {
        const claim = claims.get(id);
        if (claim !== undefined) claim.unconfirmed = false;
      }
      return orders.map((order) => claimOne(seenEpoch, order));
    },
    settle(settlements: readonly (readonly [id: string, status: ModelStatus])[]) {
      let moved = 0;
      let unknown = 0;
      for (const [id, status] of settlements) {
        const claim = claims.get(id);
        if (claim === undefined) unknown += 1;
        else if (claim.status === undefined || (claim.status === 'failed' && isWayOut(status))) {
          claim.status = status;
          if (status === 'purged')
            left.set(claim.order.sku, left.get(claim.order.sku)! + claim.order.quantity);
          moved += 1;
        }
      }
      return { moved, unknown };
    },
    read: (id: string): Said | undefined => {
      const claim = claims.get(id);
      return claim && describe(claim);
    },
    claimedPieces: (sku: string) => pieces((c) => c.order.sku === sku && c.status !== 'purged'),
    /** What the ledger would have left, had it not confirmed anything yet that is held here. */
    leftAndHeld: () => new Map([...left].map(([sku, free]) => [sku, free + held(sku)])),
    counters: () => ({
      sequence: claims.size,
      settled: settledClaims(),
      items: sale.items.map(({ sku }) => ({
        sku,
        left: left.get(sku)!,
        claimed: held(sku),
      })),
    }),
    pending: () =>
      all()
        .filter(({ status }) => status === undefined)
        .map(({ order, unconfirmed }) => [order.transactionId, !unconfirmed] as const),
  };
}

/** What a failed claim may still become. */
function isWayOut(status: ModelStatus): boolean {
  return status === 'confirmed' || status === 'purged';
}

export function saidBy(outcome: ClaimOutcome): Said {
  if (outcome.outcome === 'claimed') return ['claimed', outcome.order.sequence, outcome.position];
  if (outcome.outcome === 'replayed') return seenIn(outcome.view);
  return [outcome.outcome];
}

export function seenIn(view: OrderView): Said {
  return ['replayed', view.status, view.order.sequence, view.position];
}
