import type {
  AuditSale,
  AuditStock,
  ClaimsAudit,
  LedgerAudit,
  LedgerSnapshot,
} from '../../order/ports/audit.ts';
import type { QueueDepth } from '../../order/ports/queue.ts';
import { claimsLiveUntilMs } from '../../order/sale.ts';
import { unknownSale } from '../known-sale.ts';
import { checkBusiestSecond, iso } from './busiest-second.ts';
import { createCapHistory } from './cap-history.ts';
import { checkCapUse } from './cap-use.ts';
import { createOrdersPass } from './orders-pass.ts';
import { type AuditCheck, type AuditReport, type CapReport, createCheck, listedOffences } from './report.ts';
import { compareLooks, lookAtSales, type SaleClaims, type SaleStates } from './stillness.ts';
import { checkCustomerLimits, checkDrift, checkSoldOut, checkStock, warnOfFailed } from './stock-checks.ts';

export interface AuditDeps {
  readonly ledger: LedgerAudit;
  /** `undefined`: Redis is away; what needs it is not judged. */
  readonly claims: ClaimsAudit | undefined;
  /** `undefined`: RabbitMQ is away. */
  readonly depth: QueueDepth | undefined;
  /** Orders that may be written at one moment under a cap: one batch. */
  readonly burstOrders: (ordersPerSecond: number) => number;
  readonly nowMs: () => number;
  readonly progress: (doing: string) => void;
}

export interface AuditWish {
  /** This sale only; absent: all. */
  readonly saleId?: string;
  /** A load test's order log, of that sale; without a sale there must be only one. */
  readonly logFile?: string;
}

/**
 * Checks promises 1 to 5. Reads only, and everything in the ledger from one snapshot; the claims are compared with
 * it where they did not change around it.
 *
 * @throws OrderError `unknown-sale`, `ledger-unavailable`, `claims-unavailable`, `claims-timeout`; Error with code
 *   `sale-needed` or `log-unreadable`
 */
export async function audit(deps: AuditDeps, wish: AuditWish): Promise<AuditReport> {
  const { ledger, claims, depth, progress } = deps;
  const startedAtMs = deps.nowMs();
  const warnings: string[] = [];
  const information: string[] = [];

  const inCatalog = claims ? await claims.saleIds() : [];
  const wanted = (saleId: string) => wish.saleId === undefined || wish.saleId === saleId;
  // Before the snapshot, so that what Redis calls settled is in it.
  const before = claims ? await lookAtSales(claims, inCatalog.filter(wanted)) : new Map();
  const snapshot = await ledger.snapshot();
  const all = await snapshot.sales();
  const sales = all.filter((sale) => wanted(sale.saleId));
  if (wish.saleId !== undefined && sales.length === 0) {
    const known = all.map((sale) => sale.saleId);
    throw unknownSale(wish.saleId, known);
  }
  const logSale = wish.logFile === undefined ? undefined : saleOfLog(sales);
  const alive = sales.filter((sale) => livesInRedis(sale, startedAtMs)).map((sale) => sale.saleId);
  const after = claims ? await lookAtSales(claims, alive) : new Map();
  const states = new Map<string, SaleClaims | undefined>();
  for (const saleId of alive) {
    const look = before.get(saleId);
    states.set(saleId, look && compareLooks(look, after.get(saleId), depth));
  }

  progress('adding up the stock');
  const stock = await snapshot.stock(wish.saleId);
  const promise1 = [checkStock(stock), await checkCustomerLimits(snapshot, wish.saleId)];
  warnOfFailed(stock, (warning) => warnings.push(warning));
  warnOfUnknown(stock, warnings);

  const pass = createOrdersPass({
    ledger,
    snapshot,
    claims,
    sales: states,
    warn: (warning) => warnings.push(warning),
    inform: (line) => information.push(line),
    progress,
    nowMs: startedAtMs,
  });
  let soldOut: AuditCheck | undefined;
  for (const { saleId } of sales) {
    const logFile = saleId === logSale ? wish.logFile : undefined;
    const refused = await pass.sale(saleId, logFile);
    if (logFile === undefined) continue;
    soldOut = checkSoldOut(stock, saleId, refused, states, (warning) => warnings.push(warning));
  }
  const drift = claims ? checkDrift(stock, states) : notJudged('stock-drift', 2, 'Redis is away');
  const lost = claims ? [...states].filter(([, state]) => !state).map(([saleId]) => saleId) : [];
  const [leftBehind, ...fromOrders] = pass.results(wish.logFile !== undefined);
  const { checks: promise5, cap } = await checkCap(deps, snapshot, wish.saleId);
  if (cap.stalledSeconds > 0) {
    warnings.push(`draining stood still in ${cap.stalledSeconds} seconds with a backlog`);
  }
  if (cap.databaseBoundSeconds > 0) {
    warnings.push(
      `the cap was out of the database's reach in ${cap.databaseBoundSeconds} seconds with a backlog`,
    );
  }

  reportQueue(depth, [...states.values()], warnings, information);
  const checks = [
    ...promise1,
    drift,
    leftBehind!,
    ...(soldOut ? [soldOut] : []),
    ...(lost.length > 0 ? [notHeld(lost)] : []),
    ...(depth ? [] : [notJudged('queue-counts', 3, 'RabbitMQ is away: what its queues hold is not known')]),
    ...fromOrders,
    await checkPrimaryKey(snapshot, stock, wish.saleId),
    ...promise5,
  ].sort((a, b) => a.promise - b.promise);
  return {
    ok: checks.every((check) => check.ok),
    at: new Date(startedAtMs).toISOString(),
    sales: sales.map((sale) => summaryOf(sale, stock, states)),
    checks,
    cap,
    warnings,
    information,
  };
}

/** What is said where the ledger itself cannot be read: no promise can be judged. */
export function auditWithoutLedger(atMs: number, because: string): AuditReport {
  return {
    ok: false,
    at: new Date(atMs).toISOString(),
    sales: [],
    checks: [1, 2, 3, 4, 5].map((promise) => notJudged('ledger', promise, because)),
    cap: noCap,
    warnings: [],
    information: [],
  };
}

const noCap: CapReport = {
  busiestSecondOrders: null,
  busiestSecondAt: null,
  allowedOrders: null,
  capUsedRatio: null,
  backlogSeconds: 0,
  stalledSeconds: 0,
  databaseBoundSeconds: 0,
};

function saleOfLog(sales: readonly AuditSale[]): string {
  if (sales.length === 1) return sales[0]!.saleId;
  throw Object.assign(new Error('an order log belongs to one sale: name it with --sale'), {
    code: 'sale-needed',
  });
}

function livesInRedis(sale: AuditSale, nowMs: number): boolean {
  return !sale.archived && nowMs < claimsLiveUntilMs(sale);
}

function notJudged(name: string, promise: number, because: string): AuditCheck {
  const check = createCheck(name, promise);
  check.cannotJudge(because);
  return check.done(String, String);
}

function notHeld(saleIds: readonly string[]): AuditCheck {
  return notJudged(
    'sales-in-redis',
    2,
    `Redis does not hold ${saleIds.join(', ')}: to be rebuilt from the ledger`,
  );
}

/** Promise 4: the database itself refuses a second row of a transaction ID; without that, they are counted. */
async function checkPrimaryKey(
  snapshot: LedgerSnapshot,
  stock: readonly AuditStock[],
  saleId: string | undefined,
): Promise<AuditCheck> {
  const check = createCheck('once-per-transaction-id', 4);
  check.look(
    stock.reduce((sum, row) => sum + row.confirmedOrders + row.rejectedOrders + row.failedOrders, 0),
  );
  if (!(await snapshot.hasPrimaryKey())) {
    const duplicates = await snapshot.duplicates(saleId, listedOffences);
    for (const duplicate of duplicates) check.offend({ ...duplicate });
    if (duplicates.length === 0) check.offend({ table: 'orders', primaryKey: null });
  }
  return check.done(
    (n) => `${n} orders, and the primary key (sale_id, transaction_id) is in force`,
    (n) => `the primary key of the orders is missing, and ${n} transaction IDs have several rows, or may`,
  );
}

async function checkCap(
  deps: AuditDeps,
  snapshot: LedgerSnapshot,
  saleId: string | undefined,
): Promise<{ checks: AuditCheck[]; cap: CapReport }> {
  const span = await snapshot.settledSpan(saleId);
  const caps = createCapHistory(await snapshot.capChanges(), deps.burstOrders);
  // A second before the first order, so that every second that ends in the span is whole.
  const whole = span ? { fromUs: span.fromUs - 1_000_000, toUs: span.toUs } : { fromUs: 1, toUs: 0 };
  deps.progress('holding the orders against the cap');
  const kept = await checkBusiestSecond(snapshot.batches(whole), caps, deps.progress);
  const used = await checkCapUse(snapshot.tenths(whole), caps, deps.burstOrders);
  return {
    checks: [kept.check, used.check],
    cap: {
      busiestSecondOrders: kept.busiest?.orders ?? null,
      busiestSecondAt: kept.busiest ? iso(kept.busiest.endUs) : null,
      allowedOrders: kept.busiest?.allowedOrders ?? null,
      capUsedRatio: used.use.usedRatio,
      backlogSeconds: used.use.backlogSeconds,
      stalledSeconds: used.use.stalledSeconds,
      databaseBoundSeconds: used.use.databaseBoundSeconds,
    },
  };
}

function reportQueue(
  depth: QueueDepth | undefined,
  states: readonly (SaleClaims | undefined)[],
  warnings: string[],
  information: string[],
): void {
  if (!depth) return;
  const waiting = states.reduce((sum, state) => sum + (state?.look.pending ?? 0), 0);
  const queued = depth.ready + depth.unacknowledged;
  if (queued > 0 && waiting === 0) {
    information.push(
      `${queued} envelopes are in the queue, though no claim waits: repeats, or counts that lag`,
    );
  }
  if (depth.deadLetters > 0) warnings.push(`${depth.deadLetters} dead letters wait to be redriven or purged`);
}

function warnOfUnknown(stock: readonly AuditStock[], warnings: string[]): void {
  for (const { saleId, sku, stock: known, rejectedOrders } of stock) {
    if (!known) warnings.push(`${sku} of ${saleId} has orders, and the ledger does not list it`);
    if (rejectedOrders > 0) {
      warnings.push(
        `${rejectedOrders} accepted orders of ${sku} in ${saleId} were rejected: Redis had been wrong`,
      );
    }
  }
}

function summaryOf(sale: AuditSale, stock: readonly AuditStock[], states: SaleStates) {
  const rows = stock.filter((row) => row.saleId === sale.saleId);
  const sum = (of: (row: AuditStock) => number) => rows.reduce((total, row) => total + of(row), 0);
  return {
    saleId: sale.saleId,
    archived: sale.archived,
    confirmedOrders: sum((row) => row.confirmedOrders),
    rejectedOrders: sum((row) => row.rejectedOrders),
    failedOrders: sum((row) => row.failedOrders),
    waiting: states.get(sale.saleId)?.look.pending ?? null,
  };
}
