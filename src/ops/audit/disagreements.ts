import type { AuditClaim, AuditOrder, ClaimsAudit, LedgerAudit } from '../../order/ports/audit.ts';
import { leftBehindMs } from './stillness.ts';

/** An order as the snapshot has it, and its claim, which says something else. */
export interface Disagreement {
  readonly order: AuditOrder;
  readonly claim: AuditClaim | undefined;
}

/** What disagrees still, and why the rest of what did cannot be judged, if any of it cannot. */
export interface SecondLook {
  readonly disagree: readonly Disagreement[];
  readonly because: string | undefined;
}

export function agrees(order: AuditOrder, claim: AuditClaim): boolean {
  return saysTheSame(order, claim) && order.fingerprint === claim.fingerprint;
}

export function wordOf(of: Pick<AuditClaim, 'status' | 'reason'> | undefined): string {
  if (of === undefined) return 'no claim';
  if (of.status === undefined) return 'not settled';
  return of.reason === undefined ? of.status : `${of.status}: ${of.reason}`;
}

/** Whether Redis lacks a sale, or is being given it again: a claim that is not there says nothing then. */
export async function isBeingRebuilt(claims: ClaimsAudit, saleId: string): Promise<boolean> {
  return (await claims.look(saleId, leftBehindMs))?.state !== 'open';
}

/**
 * Looks again at orders of a snapshot that disagreed with their claims. A pass over a large sale takes minutes, in
 * which an order may be redriven or purged, and the sale rebuilt: that is no disagreement.
 */
export async function lookAgain(
  { ledger, claims }: { readonly ledger: LedgerAudit; readonly claims: ClaimsAudit },
  saleId: string,
  orders: readonly AuditOrder[],
): Promise<SecondLook> {
  if (orders.length === 0) return { disagree: [], because: undefined };
  const ids = orders.map((order) => order.transactionId);
  const rebuilding = { disagree: [], because: 'Redis has lost the sale, or is being given it again' };
  if (await isBeingRebuilt(claims, saleId)) return rebuilding;
  // The claims first: a row that has not changed by now was the same when its claim was read.
  const found = await claims.find(saleId, ids);
  const rows = await ledger.present(saleId, ids);
  const disagree: Disagreement[] = [];
  let because: string | undefined;
  for (const [i, order] of orders.entries()) {
    const claim = found[i];
    const row = rows.get(order.transactionId);
    if (row && claim && agrees(row, claim)) continue;
    if (row && saysTheSame(row, order)) disagree.push({ order, claim });
    // A claim follows the ledger a moment later.
    else because = 'orders were redriven or purged while they were compared';
  }
  // It may have begun since.
  if (disagree.length > 0 && (await isBeingRebuilt(claims, saleId))) return rebuilding;
  return { disagree, because };
}

function saysTheSame(
  one: Pick<AuditClaim, 'status' | 'reason'>,
  other: Pick<AuditClaim, 'status' | 'reason'>,
): boolean {
  return one.status === other.status && one.reason === other.reason;
}
