import type { ClaimsAudit, ClaimsLook } from '../../order/ports/audit.ts';
import type { QueueDepth } from '../../order/ports/queue.ts';

/**
 * A claim that has not settled this long after it was made, with nothing in the queue, is left behind: the
 * reconciler looks at claims after 15 s, and the broker's counts lag by up to 12 s.
 */
export const leftBehindMs = 30_000;

/** A sale in Redis before and after the ledger was read. */
export interface SaleClaims {
  readonly look: ClaimsLook;
  /** Nothing moved in between, and nothing will: what waits, if anything, is left behind. */
  readonly still: boolean;
  /** Why it is not still. */
  readonly because: string;
}

export type SaleStates = ReadonlyMap<string, SaleClaims | undefined>;

export async function lookAtSales(
  claims: ClaimsAudit,
  saleIds: readonly string[],
): Promise<Map<string, ClaimsLook | undefined>> {
  const looks = new Map<string, ClaimsLook | undefined>();
  for (const saleId of saleIds) looks.set(saleId, await claims.look(saleId, leftBehindMs));
  return looks;
}

/** Compares two looks at a sale, with the ledger's snapshot between them. */
export function compareLooks(
  before: ClaimsLook,
  after: ClaimsLook | undefined,
  depth: QueueDepth | undefined,
): SaleClaims {
  const because = movement(before, after, depth);
  return { look: before, still: because === undefined, because: because ?? '' };
}

function movement(
  before: ClaimsLook,
  after: ClaimsLook | undefined,
  depth: QueueDepth | undefined,
): string | undefined {
  if (before.state === 'rebuilding') return 'the sale is being rebuilt in Redis';
  if (before.pending > 0) {
    const queued = depth === undefined || depth.ready + depth.unacknowledged > 0;
    if (before.youngPending > 0 || queued) return `not settled yet: ${before.pending} orders are waiting`;
  }
  if (after === undefined || JSON.stringify(before) !== JSON.stringify({ ...after, youngPending: 0 })) {
    return 'not settled yet: orders are being claimed or settled';
  }
  return undefined;
}
