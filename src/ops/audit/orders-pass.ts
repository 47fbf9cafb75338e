import type { AuditOrder, ClaimsAudit, LedgerAudit, LedgerSnapshot } from '../../order/ports/audit.ts';
import { agrees, isBeingRebuilt, lookAgain, wordOf } from './disagreements.ts';
import { type LoggedOrder, partOf, partsOf, readOrderLog } from './order-log.ts';
import { createCheck, listedOffences } from './report.ts';
import type { SaleClaims, SaleStates } from './stillness.ts';

const recheckOrders = 2_000;
const pendingListed = 1_000;

export interface PassDeps {
  readonly ledger: LedgerAudit;
  readonly snapshot: LedgerSnapshot;
  /** `undefined`: Redis is away. */
  readonly claims: ClaimsAudit | undefined;
  readonly sales: SaleStates;
  readonly warn: (warning: string) => void;
  readonly inform: (information: string) => void;
  readonly progress: (doing: string) => void;
  readonly nowMs: number;
}

/** One pass over the orders of each sale, next to its claims and to what shoppers were answered. */
export function createOrdersPass(deps: PassDeps) {
  const { ledger, snapshot, claims, sales, warn, inform, progress } = deps;
  const agree = createCheck('claims-agree', 3);
  const leftBehind = createCheck('no-claim-left-behind', 2);
  const kept = createCheck('accepted-kept', 3);
  const sent = createCheck('orders-were-sent', 3);
  const once = createCheck('same-id-same-order', 4);
  let passed = 0;

  /** Compares a page with its claims; resolves with how many of the orders have one. */
  async function compareClaims(
    saleId: string,
    sale: SaleClaims,
    page: readonly AuditOrder[],
  ): Promise<number> {
    const found = await claims!.find(
      saleId,
      page.map((order) => order.transactionId),
    );
    let known = 0;
    const disagreed: AuditOrder[] = [];
    agree.look(page.length);
    for (const [i, order] of page.entries()) {
      const claim = found[i];
      if (claim) known += 1;
      if (claim && agrees(order, claim)) continue;
      // The drainer settles a claim right after the ledger has the order.
      if (!sale.still && claim && claim.status === undefined) agree.cannotJudge(`${saleId}: ${sale.because}`);
      else if (!sale.still && sale.look.state === 'rebuilding')
        agree.cannotJudge(`${saleId}: ${sale.because}`);
      else disagreed.push(order);
    }
    const { disagree, because } = await lookAgain({ ledger, claims: claims! }, saleId, disagreed);
    if (because !== undefined) agree.cannotJudge(`${saleId}: ${because}`);
    for (const { order, claim } of disagree) {
      agree.offend({
        saleId,
        transactionId: order.transactionId,
        ledger: wordOf(order),
        redis: wordOf(claim),
        ...(claim && claim.fingerprint !== order.fingerprint
          ? { ledgerOrder: order.fingerprint, redisOrder: claim.fingerprint }
          : {}),
      });
    }
    return known;
  }

  /** Claims that the pass over the ledger has not met, beside those that wait: settled by nobody, or lost. */
  async function findStrayClaims(saleId: string, sale: SaleClaims, strays: number): Promise<void> {
    const pending = await claims!.oldestPending(saleId, pendingListed);
    const waiting = new Set(pending.map((claim) => claim.transactionId));
    const met = new Set<string>();
    for await (const page of claims!.all(saleId)) {
      const present = await ledger.present(
        saleId,
        page.map((claim) => claim.transactionId),
      );
      for (const claim of page) {
        const { transactionId } = claim;
        if (present.has(transactionId) || waiting.has(transactionId) || met.has(transactionId)) continue;
        // Claimed since the sale was looked at: it is waiting too.
        if (claim.status === undefined && claim.sequence > sale.look.sequence) continue;
        met.add(transactionId);
        const last = met.size === Math.min(strays, listedOffences);
        const offence = { saleId, transactionId, redis: wordOf(claim), ledger: 'no order' };
        const count = last ? strays - met.size + 1 : 1;
        if (claim.status === undefined) leftBehind.offend({ ...offence, inPendingIndex: false }, count);
        else agree.offend(offence, count);
        if (last) return;
      }
    }
  }

  async function judgeLeftBehind(saleId: string, sale: SaleClaims): Promise<void> {
    leftBehind.look(sale.look.claims);
    if (!sale.still) {
      leftBehind.cannotJudge(`${saleId}: ${sale.because}`);
      return;
    }
    if (sale.look.pending === 0) return;
    const oldest = await claims!.oldestPending(saleId, listedOffences);
    for (const [i, { transactionId, fingerprint, sequence, claimedAtMs }] of oldest.entries()) {
      leftBehind.offend(
        {
          saleId,
          transactionId,
          order: fingerprint,
          sequence,
          ageSeconds: Math.round((deps.nowMs - claimedAtMs) / 1_000),
        },
        i === 0 ? sale.look.pending - oldest.length + 1 : 1,
      );
    }
  }

  function compareAnswers(saleId: string, order: AuditOrder, logged: LoggedOrder): void {
    const { transactionId, fingerprint } = order;
    if (logged.told !== undefined && logged.told !== fingerprint) {
      kept.offend({ saleId, transactionId, accepted: logged.told, ledger: fingerprint });
    }
    if (logged.reused?.includes(fingerprint)) {
      once.offend({ saleId, transactionId, answered: '422', refused: fingerprint, ledger: fingerprint });
    }
  }

  /** What was accepted and is not in the ledger: waiting still, settled meanwhile, or lost. */
  async function judgeMissing(saleId: string, missing: readonly [string, LoggedOrder][]): Promise<void> {
    for (let i = 0; i < missing.length; i += recheckOrders) {
      const part = missing.slice(i, i + recheckOrders);
      const ids = part.map(([transactionId]) => transactionId);
      const found = claims ? await claims.find(saleId, ids) : [];
      const present = await ledger.present(saleId, ids);
      const forgotten = claims && sales.has(saleId) && (await isBeingRebuilt(claims, saleId));
      for (const [j, [transactionId, { told }]] of part.entries()) {
        const claim = found[j];
        if (present.has(transactionId) || (claim && claim.status === undefined)) {
          kept.cannotJudge(`${saleId}: not settled yet: accepted orders are waiting`);
        } else if (claims === undefined) {
          kept.cannotJudge('accepted orders are not in the ledger, and Redis is away: they may be waiting');
        } else if (forgotten && claim === undefined) {
          kept.cannotJudge(
            `${saleId}: accepted orders are not in the ledger, and Redis does not hold the sale`,
          );
        } else {
          kept.offend({ saleId, transactionId, accepted: told!, ledger: 'no order', redis: wordOf(claim) });
        }
      }
    }
  }

  /** Resolves with orders that have a claim, whose shoppers were told nothing, and who were only refused. */
  async function pass(
    saleId: string,
    sale: SaleClaims | undefined,
    orders: ReadonlyMap<string, LoggedOrder> | undefined,
    inPart: (transactionId: string) => boolean,
  ): Promise<{ known: number; untold: number; refused: number }> {
    const seen = { known: 0, untold: 0, refused: 0 };
    for await (const page of snapshot.orders(saleId)) {
      passed += page.length;
      progress(`${passed} orders compared`);
      if (sale) seen.known += await compareClaims(saleId, sale, page);
      if (!orders) continue;
      for (const order of page) {
        if (!inPart(order.transactionId)) continue;
        sent.look(1);
        const logged = orders.get(order.transactionId);
        if (!logged) {
          sent.offend({ saleId, transactionId: order.transactionId, order: order.fingerprint });
          continue;
        }
        logged.rows += 1;
        if (logged.told === undefined) {
          if (logged.open) seen.untold += 1;
          else seen.refused += 1;
        }
        compareAnswers(saleId, order, logged);
      }
    }
    return seen;
  }

  return {
    /** One sale, with the log of what its shoppers were answered; resolves with the log's sold-out answers. */
    async sale(saleId: string, logFile: string | undefined) {
      const sale = claims && sales.get(saleId);
      const parts = logFile === undefined ? 1 : await partsOf(logFile);
      let soldOut: ReadonlyMap<string, { smallest: number; answers: number }> = new Map();
      let known = 0;
      let untold = 0;
      let refused = 0;
      for (let part = 0; part < parts; part++) {
        const log =
          logFile === undefined
            ? undefined
            : await readOrderLog(logFile, part, parts, (lines) => progress(`${lines} lines of the log read`));
        const inPart = (id: string) => parts === 1 || partOf(id, parts) === part;
        const seen = await pass(saleId, part === 0 ? sale : undefined, log?.orders, inPart);
        known += seen.known;
        untold += seen.untold;
        refused += seen.refused;
        if (!log) continue;
        if (part === 0) {
          soldOut = log.soldOut;
          if (log.unreadable > 0) {
            kept.cannotJudge(`${log.unreadable} of ${log.lines} lines of the log are not an answer`);
          }
          if (log.torn) warn('the last line of the order log breaks off');
        }
        const missing: [string, LoggedOrder][] = [];
        for (const [transactionId, logged] of log.orders) {
          once.look(1);
          if (logged.told !== undefined) {
            kept.look(1);
            if (logged.rows === 0) missing.push([transactionId, logged]);
          }
          if (logged.rows > 1) once.offend({ saleId, transactionId, rows: logged.rows });
          if (logged.toldOtherwise !== undefined) {
            once.offend({
              saleId,
              transactionId,
              accepted: logged.told!,
              acceptedToo: logged.toldOtherwise,
            });
          }
        }
        await judgeMissing(saleId, missing);
      }
      if (untold > 0) {
        inform(
          `${untold} orders of ${saleId} are in the ledger whose shoppers had no answer, or outcome-unknown`,
        );
      }
      if (refused > 0) {
        warn(`${refused} orders of ${saleId} are in the ledger whose shoppers were only ever refused`);
      }
      if (sale) {
        await judgeLeftBehind(saleId, sale);
        const strays = sale.look.claims - known - sale.look.pending;
        if (!sale.still) agree.cannotJudge(`${saleId}: ${sale.because}`);
        else if (strays > 0) await findStrayClaims(saleId, sale, strays);
      }
      return soldOut;
    },

    /** @param withLog whether an order log was given: without one, three of the checks have nothing to judge */
    results(withLog: boolean) {
      if (!claims) {
        agree.cannotJudge('Redis is away');
        leftBehind.cannotJudge('Redis is away');
      }
      return [
        leftBehind.done(
          (n) => `${n} claims, and none that waits was left behind`,
          (n) => `${n} claims were left behind: they wait, and nothing is in the queue`,
        ),
        ...(withLog
          ? [
              kept.done(
                (n) => `${n} accepted orders, each in the ledger as it was accepted`,
                (n) => `${n} accepted orders are not in the ledger as they were accepted`,
              ),
              sent.done(
                (n) => `${n} orders in the ledger, all sent by the load test`,
                (n) => `${n} orders in the ledger that the load test never sent`,
              ),
            ]
          : []),
        agree.done(
          (n) => `${n} orders in the ledger, and the claims say the same`,
          (n) => `Redis and the ledger disagree on ${n} orders`,
        ),
        ...(withLog
          ? [
              once.done(
                (n) => `${n} transaction IDs, each one order however often it was sent`,
                (n) => `${n} transaction IDs were more than one order`,
              ),
            ]
          : []),
      ];
    },
  };
}
