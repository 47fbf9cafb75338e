import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type AuditedInstance,
  failures,
  type LogLine,
  openAuditedInstance,
  soldOutSale,
} from './audited-sale.testing.ts';

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
const sql = (text: string, values: unknown[] = [saleId]) => at.sql.query(text, values);

describe('promise 1', () => {
  test('stock that does not add up is found', async () => {
    await sql("UPDATE sale_items SET stock_initial = stock_initial - 1 WHERE sale_id = $1 AND sku = 'a'");
    expect(failures(await audit())).toEqual({
      'stock-adds-up': [
        { saleId, sku: 'a', stockInitial: 4, stockLeft: 0, confirmedPieces: 5, oversoldPieces: 1 },
      ],
    });
  });

  /** One more order of `c1`, written past the ledger's rules. */
  const oneMore = (settledAtMs = Date.now()) =>
    sql(
      `INSERT INTO orders (sale_id, transaction_id, sku, customer_id, quantity, status, sequence, accepted_at, settled_at)
       VALUES ($1, 'one-more-' || $2, 'a', 'c1', 1, 'confirmed', 99, now(), to_timestamp($2::float8 / 1000))`,
      [saleId, settledAtMs],
    );
  const limitOfA = (limit: number | null) =>
    sql("UPDATE sale_items SET customer_limit = $2 WHERE sale_id = $1 AND sku = 'a'", [saleId, limit]);

  test('a customer over the limit is found', async () => {
    await oneMore();
    expect(failures(await audit())['customer-limit']).toEqual([
      { saleId, sku: 'a', customerId: 'c1', pieces: 2, customerLimit: 1 },
    ]);
  });

  test('a customer is held to the limit that stood, neither to a lower one later nor to a higher one', async () => {
    await limitOfA(3);
    await oneMore();
    await limitOfA(1);
    expect(failures(await audit())['customer-limit']).toBeUndefined();
    // Two minutes later: long after the limit was lowered.
    await oneMore(Date.now() + 120_000);
    await limitOfA(5);
    await sql(
      "UPDATE limit_changes SET changed_at = now() + interval '1 hour' WHERE sale_id = $1 AND customer_limit = 5",
    );
    expect(failures(await audit())['customer-limit']).toEqual([
      { saleId, sku: 'a', customerId: 'c1', pieces: 3, customerLimit: 1 },
    ]);
  });

  test("pieces from before there was a limit are nobody's fault", async () => {
    await limitOfA(null);
    await oneMore();
    await limitOfA(1);
    expect(failures(await audit())['customer-limit']).toBeUndefined();
  });
});

describe('promise 2', () => {
  test('stock that leaked out of Redis is found', async () => {
    await at.redis.hincrby(at.saleKeys(saleId).stock, 'b', -1);
    expect(failures(await audit())).toEqual({
      'stock-drift': [
        { saleId, sku: 'b', redisLeft: 3, redisHeld: 0, ledgerLeft: 4, failedPieces: 0, drift: -1 },
      ],
    });
  });

  test('stock that a failed order holds is no drift', async () => {
    const { claimed, log: more } = await at.claim(saleId, 'b', ['c9'], 2);
    await at.claims.settle(saleId, [await at.ledger.recordFailed(claimed[0]!, 'dead-lettered')]);
    const report = await audit([...log, ...more]);
    expect(failures(report)).toEqual({});
    expect(report.warnings).toEqual([`b of ${saleId}: 1 failed orders, which may hold 2 pieces`]);
  });

  test('a sold-out answer while there was stock is found', async () => {
    const refused = { transactionId: 'order-b-c9', sku: 'b', quantity: 4, customerId: 'c9' };
    const tooMany = { ...refused, quantity: 5 };
    expect(failures(await audit([...log, { ...tooMany, status: 409, outcome: 'sold-out' }]))).toEqual({});
    expect(failures(await audit([...log, { ...refused, status: 409, outcome: 'sold-out' }]))).toEqual({
      'sold-out-means-sold': [
        {
          saleId,
          sku: 'b',
          stockLeft: 4,
          failedPieces: 0,
          smallestQuantityRefused: 4,
          soldOutAnswers: 1,
        },
      ],
    });
  });

  test('an old claim that waits while the queue is empty was left behind', async () => {
    await at.claim(saleId, 'b', ['c9'], 2);
    await at.redis.hset(at.saleKeys(saleId).claims, 'order-b-c9', `9 ${Date.now() - 60_000} - b 2 c9`);
    expect(failures(await audit())).toMatchObject({
      'no-claim-left-behind': [{ transactionId: 'order-b-c9', order: 'b 2 c9', sequence: 9 }],
    });
  });

  test('a claim that waits outside of the line was left behind', async () => {
    await at.claim(saleId, 'b', ['c9'], 2);
    await at.redis.lrem(at.saleKeys(saleId).line, 0, 'order-b-c9');
    expect(failures(await audit())).toEqual({
      'no-claim-left-behind': [
        {
          saleId,
          transactionId: 'order-b-c9',
          redis: 'not settled',
          ledger: 'no order',
          inPendingIndex: false,
        },
      ],
    });
  });

  test('while orders wait nothing is called settled', async () => {
    const { log: more } = await at.claim(saleId, 'b', ['c9'], 2);
    const report = await audit([...log, ...more]);
    expect(report.ok).toBe(false);
    const unjudged = report.checks.filter((check) => check.verdict === 'unjudged').map(({ name }) => name);
    expect(unjudged).toEqual([
      'stock-drift',
      'no-claim-left-behind',
      'sold-out-means-sold',
      'accepted-kept',
      'claims-agree',
    ]);
    expect(report.checks.filter((check) => check.verdict === 'broken')).toEqual([]);
    expect(report.checks.find(({ name }) => name === 'accepted-kept')?.detail).toContain('not settled yet');
  });
});
