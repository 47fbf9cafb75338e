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
const first = 'order-a-c1';

describe('promise 3', () => {
  /** Both stores forget the order, and nothing else is amiss. */
  async function forget(transactionId: string): Promise<void> {
    await sql('DELETE FROM orders WHERE sale_id = $1 AND transaction_id = $2', [saleId, transactionId]);
    await sql("UPDATE sale_items SET stock_left = stock_left + 1 WHERE sale_id = $1 AND sku = 'a'");
    await at.redis.hincrby(at.saleKeys(saleId).stock, 'a', 1);
    await at.redis.hdel(at.saleKeys(saleId).claims, transactionId);
  }

  test('an accepted order that is nowhere is found', async () => {
    await forget(first);
    const withoutSoldOut = log.filter((line) => line.outcome !== 'sold-out');
    expect(failures(await audit(withoutSoldOut))).toEqual({
      'accepted-kept': [
        { saleId, transactionId: first, accepted: 'a 1 c1', ledger: 'no order', redis: 'no claim' },
      ],
    });
  });

  test('an accepted order that is another in the ledger is found', async () => {
    const other = log.map((line) => (line.transactionId === first ? { ...line, quantity: 2 } : line));
    expect(failures(await audit(other))).toEqual({
      'accepted-kept': [{ saleId, transactionId: first, accepted: 'a 2 c1', ledger: 'a 1 c1' }],
    });
  });

  test('an order that nobody sent is found; one whose answer was lost is only noted', async () => {
    const unanswered = log.map((line) =>
      line.transactionId === 'order-a-c3' ? { ...line, status: 0, outcome: 'timeout' } : line,
    );
    const report = await audit(unanswered.filter((line) => line.transactionId !== first));
    expect(failures(report)).toEqual({
      'orders-were-sent': [{ saleId, transactionId: first, order: 'a 1 c1' }],
    });
    expect(report.information).toEqual([
      `1 orders of ${saleId} are in the ledger whose shoppers had no answer, or outcome-unknown`,
    ]);
  });

  test('a claim that says something else than the ledger is found, both ways', async () => {
    const { claims } = at.saleKeys(saleId);
    const stored = await at.redis.hget(claims, first);
    await at.redis.hset(claims, first, stored!.replace(/ c(\d+) /, ' r$1s '));
    expect(failures(await audit())).toEqual({
      'claims-agree': [{ saleId, transactionId: first, ledger: 'confirmed', redis: 'rejected: sold-out' }],
    });
    await at.redis.hset(claims, first, stored!, 'order-stray', '99 1 c2 b 1 c9');
    expect(failures(await audit())).toEqual({
      'claims-agree': [{ saleId, transactionId: 'order-stray', redis: 'confirmed', ledger: 'no order' }],
    });
    await at.redis.hdel(claims, first, 'order-stray');
    expect(failures(await audit())).toEqual({
      'claims-agree': [{ saleId, transactionId: first, ledger: 'confirmed', redis: 'no claim' }],
    });
  });

  test('a log with a line that is no answer is not judged, unless it is the last and breaks off', async () => {
    const report = await audit(['{"transactionId":"order-', ...log]);
    expect(failures(report)).toEqual({ 'accepted-kept': [] });
    expect(report.checks.find(({ name }) => name === 'accepted-kept')?.verdict).toBe('unjudged');
  });
});

describe('promise 4', () => {
  test('an order that was refused under its ID, and is there, is found', async () => {
    const refused = { ...log[0]!, quantity: 3, status: 422, outcome: 'client-error' };
    expect(failures(await audit([...log, refused]))).toEqual({});
    expect(failures(await audit([...log, { ...refused, quantity: 1 }]))).toEqual({
      'same-id-same-order': [
        { saleId, transactionId: first, answered: '422', refused: 'a 1 c1', ledger: 'a 1 c1' },
      ],
    });
  });

  test('two different orders accepted under one ID are found', async () => {
    expect(failures(await audit([...log, { ...log[0]!, quantity: 3 }]))).toEqual({
      'same-id-same-order': [{ saleId, transactionId: first, accepted: 'a 1 c1', acceptedToo: 'a 3 c1' }],
    });
  });

  test('a second row, and a primary key that is gone, are found', async () => {
    await sql('ALTER TABLE orders DROP CONSTRAINT orders_pkey', []);
    await sql(
      `INSERT INTO orders (sale_id, transaction_id, sku, customer_id, quantity, status, reason, sequence, accepted_at, settled_at)
       SELECT sale_id, transaction_id, sku, customer_id, quantity, 'failed', 'purged', sequence, accepted_at, settled_at
         FROM orders WHERE sale_id = $1 AND transaction_id = $2`,
      [saleId, first],
    );
    const report = await audit();
    await sql("DELETE FROM orders WHERE sale_id = $1 AND status = 'failed'");
    await sql('ALTER TABLE orders ADD PRIMARY KEY (sale_id, transaction_id)', []);
    expect(failures(report)).toMatchObject({
      'once-per-transaction-id': [{ saleId, transactionId: first, rows: 2 }],
      'same-id-same-order': [{ saleId, transactionId: first, rows: 2 }],
    });
  });
});
