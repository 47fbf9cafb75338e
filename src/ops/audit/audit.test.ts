import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AuditedInstance, failures, type LogLine, openAuditedInstance } from './audited-sale.testing.ts';
import { formatReport } from './print-report.ts';

let at: AuditedInstance;
let saleId: string;
let log: LogLine[];

beforeAll(async () => {
  at = await openAuditedInstance();
});
afterAll(() => at.close());

/** A sale that went well: 5 of 7 customers got an `a`, two of them asked twice; 3 bought 2 `b` each. */
beforeEach(async () => {
  saleId = await at.putSale();
  const a = await at.claim(saleId, 'a', ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7']);
  const b = await at.claim(saleId, 'b', ['c1', 'c2', 'c3'], 2);
  await at.settle([...a.claimed, ...b.claimed]);
  const again = a.log.slice(0, 2).map((line) => ({ ...line, status: 200, outcome: 'replayed' }));
  log = [...a.log, ...b.log, ...again];
});

const audit = (lines: readonly (LogLine | string)[] = log) =>
  at.audit({ sale: saleId, log: at.writeLog(lines) });
const sql = (text: string, values: unknown[] = [saleId]) => at.sql.query(text, values);
const first = 'order-a-c1';

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

test('a sale that Redis has lost is not called settled', async () => {
  await at.claims.removeSale(saleId);
  const report = await at.audit({ sale: saleId });
  expect(failures(report)).toEqual({ 'sales-in-redis': [] });
  expect(report.checks.find(({ name }) => name === 'sales-in-redis')?.detail).toContain(saleId);
});

test('with Redis away the ledger is judged, and what needs Redis is not', async () => {
  await at.stack.redis.stop();
  const report = await audit().finally(() => at.restartRedis());
  expect(failures(report)).toEqual({ 'stock-drift': [], 'no-claim-left-behind': [], 'claims-agree': [] });
  for (const check of report.checks.filter(({ ok }) => !ok)) {
    expect(check).toMatchObject({ verdict: 'unjudged', detail: 'Redis is away' });
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
