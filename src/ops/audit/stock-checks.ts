import type { AuditStock, LedgerSnapshot } from '../../order/ports/audit.ts';
import { type AuditCheck, type Check, createCheck, listedOffences } from './report.ts';
import type { SaleStates } from './stillness.ts';

const piecesOf = (n: number) => `${n} ${n === 1 ? 'piece' : 'pieces'}`;

/** Promise 1: per SKU, no stock below 0, and every piece is left or confirmed. */
export function checkStock(stock: readonly AuditStock[]): AuditCheck {
  const check = createCheck('stock-adds-up', 1);
  for (const row of stock) {
    check.look(1);
    const { saleId, sku, confirmedPieces } = row;
    const initial = row.stock?.initial ?? 0;
    const left = row.stock?.left ?? 0;
    if (left >= 0 && initial === left + confirmedPieces) continue;
    check.offend({
      saleId,
      sku,
      stockInitial: initial,
      stockLeft: left,
      confirmedPieces,
      oversoldPieces: Math.max(0, confirmedPieces - initial),
    });
  }
  return check.done(
    (skus) => `${skus} SKUs: initial stock = stock left + pieces confirmed`,
    (skus) => `stock does not add up for ${skus} SKUs`,
  );
}

/** Promise 1: no customer has more confirmed pieces of a SKU than its limit. */
export async function checkCustomerLimits(
  ledger: LedgerSnapshot,
  saleId: string | undefined,
): Promise<AuditCheck> {
  const check = createCheck('customer-limit', 1);
  const { customers, over, first } = await ledger.limits(saleId, listedOffences);
  check.look(customers);
  for (const [i, offence] of first.entries()) {
    check.offend({ ...offence }, i === 0 ? over - first.length + 1 : 1);
  }
  return check.done(
    (n) => `${n} customers of limited SKUs are within their limit`,
    (n) => `${n} customers have more than their limit`,
  );
}

/**
 * Promise 2: what Redis has left and holds is what the ledger has left. Redis holds the pieces of failed orders too,
 * which the ledger still has left.
 */
export function checkDrift(stock: readonly AuditStock[], sales: SaleStates): AuditCheck {
  const check = createCheck('stock-drift', 2);
  for (const [saleId, sale] of sales) {
    if (!sale) continue;
    if (!sale.still) {
      check.cannotJudge(`${saleId}: ${sale.because}`);
      continue;
    }
    const inLedger = new Map(stock.filter((row) => row.saleId === saleId).map((row) => [row.sku, row]));
    const inRedis = new Map(sale.look.items.map((item) => [item.sku, item]));
    for (const sku of new Set([...inLedger.keys(), ...inRedis.keys()])) {
      const row = inLedger.get(sku);
      // A SKU that nobody put on sale: failed orders may hold pieces of it, which are no stock.
      if (!row?.stock && !inRedis.get(sku)?.left) continue;
      const redisLeft = inRedis.get(sku)?.left ?? 0;
      const redisHeld = inRedis.get(sku)?.claimed ?? 0;
      const ledgerLeft = row?.stock?.left ?? 0;
      const failedPieces = row?.failedPieces ?? 0;
      const drift = redisLeft + redisHeld - ledgerLeft;
      check.look(1);
      if (drift !== 0) {
        check.offend({ saleId, sku, redisLeft, redisHeld, ledgerLeft, failedPieces, drift });
      }
    }
  }
  return check.done(
    (skus) => `${skus} SKUs: what Redis has left and holds is what the ledger has left`,
    (skus) => `Redis and the ledger disagree on the stock of ${skus} SKUs`,
  );
}

/**
 * Promise 2: nobody is told "sold out" while there is stock.
 *
 * @param refused per SKU the smallest quantity that was answered `sold-out`, and how often
 * @param sales those that live in Redis; what Redis does not say of one is `undefined`
 */
export function checkSoldOut(
  stock: readonly AuditStock[],
  saleId: string,
  refused: ReadonlyMap<string, { readonly smallest: number; readonly answers: number }>,
  sales: SaleStates,
  warn: (warning: string) => void,
): AuditCheck {
  const check = createCheck('sold-out-means-sold', 2);
  const because = maySettle(saleId, sales);
  if (because !== undefined && refused.size > 0) check.cannotJudge(`${saleId}: ${because}`);
  else judgeSoldOut(check, stock, saleId, refused, warn);
  return check.done(
    (answers) => `${answers} sold-out answers, and no stock was left for any of them`,
    (answers) => `${answers} orders were refused as sold out while there was stock`,
  );
}

/** Why accepted orders of the sale, with the stock they hold, may still be on their way to the ledger. */
function maySettle(saleId: string, sales: SaleStates): string | undefined {
  // Redis has no need of it any more: what was accepted has settled.
  if (!sales.has(saleId)) return undefined;
  const sale = sales.get(saleId);
  if (!sale) return 'Redis does not say which accepted orders are waiting';
  return sale.still ? undefined : sale.because;
}

function judgeSoldOut(
  check: Check,
  stock: readonly AuditStock[],
  saleId: string,
  refused: ReadonlyMap<string, { readonly smallest: number; readonly answers: number }>,
  warn: (warning: string) => void,
): void {
  const bySku = new Map(stock.filter((row) => row.saleId === saleId).map((row) => [row.sku, row]));
  for (const [sku, { smallest, answers }] of refused) {
    const row = bySku.get(sku);
    check.look(answers);
    if (row?.restocked) {
      warn(`${sku} of ${saleId} was restocked: its ${answers} sold-out answers are not judged`);
      continue;
    }
    const stockLeft = row?.stock?.left ?? 0;
    // Stock that a failed order holds cannot be sold until the order is redriven or purged.
    const failedPieces = row?.failedPieces ?? 0;
    if (stockLeft - failedPieces < smallest) continue;
    check.offend(
      { saleId, sku, stockLeft, failedPieces, smallestQuantityRefused: smallest, soldOutAnswers: answers },
      answers,
    );
  }
}

export function warnOfFailed(stock: readonly AuditStock[], warn: (warning: string) => void): void {
  for (const { saleId, sku, failedOrders, failedPieces } of stock) {
    if (failedOrders > 0) {
      warn(`${sku} of ${saleId}: ${failedOrders} failed orders, which may hold ${piecesOf(failedPieces)}`);
    }
  }
}
