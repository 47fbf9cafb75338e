// biome-ignore-all lint/style/noRestrictedImports: the stages of the audit themselves, to change things between their reads.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openClaimsAudit } from '../../claim/audit-reader.ts';
import { openLedgerAudit } from '../../ledger/audit-reader.ts';
import type { ClaimedOrder } from '../../order/order.ts';
import type { AuditOrder } from '../../order/ports/audit.ts';
import { systemClock } from '../../platform/clock.ts';
import { createLogger } from '../../platform/logger.ts';
import { audit } from './audit.ts';
import { type AuditedInstance, failures, openAuditedInstance } from './audited-sale.testing.ts';
import type { AuditReport } from './report.ts';

let at: AuditedInstance;
let saleId: string;

beforeAll(async () => {
  at = await openAuditedInstance();
});
afterAll(() => at.close());
beforeEach(async () => {
  saleId = await at.putSale();
});

/** Audits the sale; `change` happens once the sale was looked at, before its orders are compared. */
async function auditWhile(change: () => Promise<unknown>) {
  const ledger = await openLedgerAudit({
    databaseUrl: at.stack.databaseUrl,
    statementTimeoutMs: 10_000,
    applicationName: 'audit test',
  });
  const claims = await openClaimsAudit(
    {
      ...{ redisUrl: at.stack.redisUrl, commandTimeoutMs: 10_000, reopenAfterMs: 100 },
      ...{ logger: createLogger('test', 'silent'), clock: systemClock },
    },
    AbortSignal.timeout(10_000),
  );
  async function* changedBefore(orders: AsyncIterable<readonly AuditOrder[]>) {
    await change();
    yield* orders;
  }
  try {
    return await audit(
      {
        ledger: {
          ...ledger,
          async snapshot() {
            const snapshot = await ledger.snapshot();
            return { ...snapshot, orders: (id) => changedBefore(snapshot.orders(id)) };
          },
        },
        claims,
        depth: { ready: 0, unacknowledged: 0, deadLetters: 0 },
        burstOrders: () => 1_000,
        nowMs: systemClock.nowMs,
        progress: () => undefined,
      },
      { saleId },
    );
  } finally {
    await Promise.all([ledger.close(), claims.close()]);
  }
}

const verdicts = (report: AuditReport) =>
  Object.fromEntries(report.checks.filter(({ ok }) => !ok).map(({ name, verdict }) => [name, verdict]));

describe('an order that changes while it is compared', () => {
  let failed: ClaimedOrder;

  beforeEach(async () => {
    const { claimed } = await at.claim(saleId, 'b', ['c1', 'c2', 'c3']);
    failed = claimed[0]!;
    await at.claims.settle(saleId, [await at.ledger.recordFailed(failed, 'dead-lettered')]);
    await at.settle(claimed.slice(1));
  });

  async function redrive(): Promise<void> {
    const redriven = await at.ledger.redrive(failed);
    if (redriven.outcome !== 'settled') throw new Error(`the order is ${redriven.outcome}`);
    await at.claims.settle(saleId, [redriven.settlement]);
  }
  const purge = async () => at.claims.settle(saleId, [await at.ledger.purge(failed)]);

  test.each([
    ['redriven', redrive],
    ['purged', purge],
  ])('agrees with its claim when it was %s', async (_, change) => {
    expect(failures(await auditWhile(change))).toEqual({});
  });

  test('does not hide another that disagrees', async () => {
    const report = await auditWhile(async () => {
      await redrive();
      await at.redis.hdel(at.saleKeys(saleId).claims, 'order-b-c2');
    });
    expect(failures(report)).toEqual({
      'claims-agree': [{ saleId, transactionId: 'order-b-c2', ledger: 'confirmed', redis: 'no claim' }],
    });
  });
});

describe('a sale that Redis loses or is given again', () => {
  test('has no claims that disagree while it is rebuilt', async () => {
    const { claimed } = await at.claim(saleId, 'b', ['c1', 'c2', 'c3']);
    await at.settle(claimed);
    const sale = (await at.ledger.sale(saleId))!;
    const report = await auditWhile(async () => {
      await at.claims.beginRebuild(sale, sale.epoch + 1);
      await at.claims.clearSale(saleId);
    });
    expect(verdicts(report)).toEqual({ 'claims-agree': 'unjudged' });
  });

  /** All pieces are claimed and two customers refused, but three of the orders are still on their way. */
  async function soldOutAndWaiting(): Promise<string> {
    const { claimed, log } = await at.claim(saleId, 'a', ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7']);
    await at.settle(claimed.slice(0, 2));
    return at.writeLog(log);
  }

  test('was not sold out too early by what still waits in the queue', async () => {
    const log = await soldOutAndWaiting();
    await at.claims.removeSale(saleId);
    expect(verdicts(await at.audit({ sale: saleId, log }))).toEqual({
      'sales-in-redis': 'unjudged',
      'sold-out-means-sold': 'unjudged',
      'accepted-kept': 'unjudged',
    });
  });

  test('is not judged by what waits while Redis is away', async () => {
    const log = await soldOutAndWaiting();
    await at.stack.redis.stop();
    const report = await at.audit({ sale: saleId, log }).finally(() => at.restartRedis());
    expect(report.checks.filter(({ verdict }) => verdict === 'broken')).toEqual([]);
    expect(verdicts(report)).toMatchObject({ 'sold-out-means-sold': 'unjudged' });
  });

  test('is judged once it is over: nothing of it waits any more', async () => {
    const log = await soldOutAndWaiting();
    await at.claims.removeSale(saleId);
    await at.ledger.archiveSale(saleId);
    expect(verdicts(await at.audit({ sale: saleId, log }))).toEqual({
      'sold-out-means-sold': 'broken',
      'accepted-kept': 'broken',
    });
  });
});
