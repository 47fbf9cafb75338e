import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  type AuditedInstance,
  failures,
  type LogLine,
  openAuditedInstance,
  soldOutSale,
} from './audited-sale.testing.ts';
import { formatReport } from './print-report.ts';

let at: AuditedInstance;
let saleId: string;
let log: LogLine[];

beforeAll(async () => {
  at = await openAuditedInstance();
});
afterAll(() => at.close());
beforeEach(async () => {
  ({ saleId, log } = await soldOutSale(at));
});

const audit = (lines: readonly (LogLine | string)[] = log) =>
  at.audit({ sale: saleId, log: at.writeLog(lines) });

test('a sale that went well holds', async () => {
  const report = await audit();
  expect(failures(report)).toEqual({});
  expect(report).toMatchObject({
    ok: true,
    sales: [{ saleId, confirmedOrders: 8, rejectedOrders: 0, failedOrders: 0, waiting: 0 }],
    warnings: [],
    information: [],
    cap: { busiestSecondOrders: expect.any(Number), backlogSeconds: 0, capUsedRatio: null },
  });
  const looked = Object.fromEntries(report.checks.map((check) => [check.name, check.looked]));
  expect(looked).toEqual({
    'stock-adds-up': 2,
    'customer-limit': 5,
    'stock-drift': 2,
    'no-claim-left-behind': 8,
    'sold-out-means-sold': 2,
    'accepted-kept': 8,
    'orders-were-sent': 8,
    'claims-agree': 8,
    'same-id-same-order': 10,
    'once-per-transaction-id': 8,
    'cap-kept': expect.any(Number),
    'cap-used': 0,
  });
  expect(formatReport(report, false)).toMatch(/every promise holds$/);
});

test('a sale that Redis has lost is not called settled', async () => {
  await at.claims.removeSale(saleId);
  const report = await at.audit({ sale: saleId });
  expect(failures(report)).toEqual({ 'sales-in-redis': [] });
  expect(report.checks.find(({ name }) => name === 'sales-in-redis')?.detail).toContain(saleId);
});

test('with Redis away the ledger is judged, and what needs Redis is not', async () => {
  await at.stack.redis.stop();
  const report = await audit().finally(() => at.restartRedis());
  expect(failures(report)).toEqual({
    'stock-drift': [],
    'no-claim-left-behind': [],
    'sold-out-means-sold': [],
    'claims-agree': [],
  });
  for (const check of report.checks.filter(({ ok }) => !ok)) {
    expect(check).toMatchObject({
      verdict: 'unjudged',
      detail:
        check.name === 'sold-out-means-sold'
          ? `${saleId}: Redis does not say which accepted orders are waiting`
          : 'Redis is away',
    });
  }
});

test('with RabbitMQ away its queues are not judged, with PostgreSQL away nothing is', async () => {
  const nowhere = await at.nowhere();
  const amqp = { amqpManagementUrl: `http://guest:guest@127.0.0.1:${nowhere}` };
  expect(failures(await at.audit({ sale: saleId }, amqp))).toEqual({ 'queue-counts': [] });
  const report = await at.audit({ sale: saleId }, { databaseUrl: `postgresql://127.0.0.1:${nowhere}/x` });
  expect(report.ok).toBe(false);
  expect(report.checks.map(({ promise, verdict }) => [promise, verdict])).toEqual(
    [1, 2, 3, 4, 5].map((promise) => [promise, 'unjudged']),
  );
  expect(report.checks[0]?.detail).toContain('PostgreSQL is away');
});

test('a sale that does not exist is an error, and so is a log of nobody knows which sale', async () => {
  await expect(at.audit({ sale: 'nowhere' })).rejects.toMatchObject({ code: 'unknown-sale' });
  await at.putSale();
  await expect(at.audit({ log: at.writeLog(log) })).rejects.toMatchObject({ code: 'sale-needed' });
});
