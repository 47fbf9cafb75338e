import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AuditedInstance, failures, openAuditedInstance } from './audited-sale.testing.ts';

let at: AuditedInstance;
let saleId: string;
let written = 0;
/** A whole second long ago, apart from those of the other tests. */
let startMs = Date.UTC(2025, 0, 1);

beforeAll(async () => {
  at = await openAuditedInstance();
});
afterAll(() => at.close());

beforeEach(async () => {
  startMs += 3_600_000;
  saleId = await at.putSale([{ stock: 1_000_000 }]);
  await at.sql.query('DELETE FROM cap_changes');
  await setCap(0, 100);
});

async function setCap(fromMs: number, ordersPerSecond: number, paused = false): Promise<void> {
  await at.sql.query('INSERT INTO cap_changes VALUES ($1, $2, $3, $4)', [
    fromMs === 0 ? new Date(0) : new Date(startMs + fromMs),
    ordersPerSecond,
    paused,
    'test',
  ]);
}

/** Orders as a drainer would have written them at one moment; they were accepted at `acceptedMs`. */
async function write(settledMs: number, orders: number, acceptedMs = settledMs): Promise<void> {
  await at.sql.query(
    `INSERT INTO orders (sale_id, transaction_id, sku, customer_id, quantity, status, sequence, accepted_at, settled_at)
     SELECT $1, 'order-' || n, 'a', 'c', 1, 'confirmed', n, $4, $5 FROM generate_series($2::integer, $3::integer) n`,
    [saleId, written + 1, written + orders, new Date(startMs + acceptedMs), new Date(startMs + settledMs)],
  );
  written += orders;
}

async function capChecks() {
  const report = await at.audit({ sale: saleId });
  const failed = failures(report);
  return { failed: { kept: failed['cap-kept'], used: failed['cap-used'] }, cap: report.cap, report };
}

const iso = (ms: number) => new Date(startMs + ms).toISOString();

describe('the bound', () => {
  test('the cap and one batch within a closed second are kept, one more order is not', async () => {
    for (let ms = 0; ms <= 1_000; ms += 50) await write(ms, 5);
    const kept = await capChecks();
    expect(kept.failed.kept).toBeUndefined();
    expect(kept.cap).toMatchObject({
      busiestSecondOrders: 105,
      busiestSecondAt: iso(1_000),
      allowedOrders: 105,
    });
    await write(500, 1);
    const broken = await capChecks();
    expect(broken.failed.kept).toEqual([{ from: iso(0), to: iso(1_000), orders: 106, allowedOrders: 105 }]);
  });

  test('orders of other sales count too', async () => {
    await write(0, 100);
    const other = saleId;
    saleId = await at.putSale([{ stock: 10 }]);
    await write(900, 6);
    const { failed } = await capChecks();
    expect(failed.kept).toEqual([{ from: iso(-100), to: iso(900), orders: 106, allowedOrders: 105 }]);
    saleId = other;
  });

  test('each second is held against the cap of its time', async () => {
    await setCap(2_000, 1_000);
    await write(3_500, 1_050);
    expect((await capChecks()).failed.kept).toBeUndefined();
    await setCap(2_400, 100);
    expect((await capChecks()).failed.kept).toEqual([
      { from: iso(2_500), to: iso(3_500), orders: 1_050, allowedOrders: 105 },
    ]);
  });

  test('around a change the higher cap counts', async () => {
    await setCap(500, 1_000);
    await write(400, 5);
    await write(1_200, 700);
    expect((await capChecks()).failed.kept).toBeUndefined();
  });

  test('a change of the cap and a pause are recorded when they happen', async () => {
    await at.sql.query('DELETE FROM cap_changes');
    await at.ledger.setCap(500, 'test');
    await at.ledger.setCap(500, 'test');
    await at.ledger.setPaused(true);
    await at.ledger.setPaused(false);
    await at.sql.query('UPDATE drain_cap SET booked_until_ns = 0');
    const { rows } = await at.sql.query(
      'SELECT orders_per_second, paused FROM cap_changes ORDER BY changed_at',
    );
    expect(rows).toEqual([
      { orders_per_second: 500, paused: false },
      { orders_per_second: 500, paused: true },
      { orders_per_second: 500, paused: false },
    ]);
  });

  test('orders from before the record are not judged', async () => {
    await at.sql.query('DELETE FROM cap_changes');
    await setCap(5_000, 100);
    await write(1_000, 10);
    const { report } = await capChecks();
    expect(report.checks.find(({ name }) => name === 'cap-kept')).toMatchObject({ verdict: 'unjudged' });
  });
});

describe('use of the cap', () => {
  /** A backlog from the start, drained at `orders` every 100 ms for `seconds`. */
  async function drain(seconds: number, orders: (tenth: number) => number): Promise<void> {
    for (let tenth = 0; tenth < seconds * 10; tenth++) {
      if (orders(tenth) > 0) await write(tenth * 100 + 10, orders(tenth), -100);
    }
    // Waits until long after.
    await write(seconds * 1_000 + 900, 100, -100);
  }

  test('a cap in full use is, and the seconds at both ends are left out', async () => {
    await drain(10, () => 10);
    const { failed, cap } = await capChecks();
    expect(failed.used).toBeUndefined();
    expect(cap).toMatchObject({ capUsedRatio: 1, backlogSeconds: 8, stalledSeconds: 0 });
  });

  test('a cap that is not used while orders wait is found', async () => {
    await drain(10, () => 9);
    const { failed, cap } = await capChecks();
    expect(failed.used).toEqual([
      { settledOrders: 720, allowedOrders: 800, usedRatio: 0.9, backlogSeconds: 8 },
    ]);
    expect(cap.capUsedRatio).toBeCloseTo(0.9, 6);
  });

  /** As the ledger notes it: how long the database was at work in each second. */
  async function busy(seconds: number, ms: number): Promise<void> {
    await at.sql.query('DELETE FROM drain_seconds');
    await at.sql.query(
      `INSERT INTO drain_seconds SELECT $1::bigint + n, $2::bigint * 1000 FROM generate_series(0, $3::integer) n`,
      [startMs / 1_000, ms, seconds],
    );
  }

  test('a cap that is out of the reach of the database is not called unused, one within reach is', async () => {
    await drain(10, () => 9);
    // 90 orders in 0.95 s of work: 95/s, with no pause at all.
    await busy(10, 950);
    const { failed, cap, report } = await capChecks();
    expect(failed.used).toBeUndefined();
    expect(cap).toMatchObject({ capUsedRatio: null, backlogSeconds: 0, databaseBoundSeconds: 8 });
    expect(report.warnings).toContain("the cap was out of the database's reach in 8 seconds with a backlog");
    // In 0.85 s of work: 106/s.
    await busy(10, 850);
    expect((await capChecks()).failed.used).toEqual([
      { settledOrders: 720, allowedOrders: 800, usedRatio: 0.9, backlogSeconds: 8 },
    ]);
    await at.sql.query('DELETE FROM drain_seconds');
  });

  test('the ledger notes for how long the database was at work, waiting batches counted once', async () => {
    await at.ledger.setCap(1_000_000, 'test');
    await at.sql.query('DELETE FROM drain_seconds');
    const orders = Array.from({ length: 500 }, (_, n) => ({
      saleId,
      transactionId: `noted-${n}`,
      sku: 'a',
      quantity: 1,
      customerId: 'c',
      sequence: n,
      claimedAtMs: Date.now(),
    }));
    const startedAtMs = performance.now();
    const batches = [0, 1, 2, 3, 4].map((n) => orders.slice(n * 100, n * 100 + 100));
    const outcomes = await Promise.all(batches.map((batch) => at.ledger.settleBatch(batch)));
    const tookMs = performance.now() - startedAtMs;
    expect(outcomes.filter(({ outcome }) => outcome === 'written').length).toBeGreaterThan(0);
    const { rows } = await at.sql.query('SELECT sum(busy_us)::float8 / 1000 AS "busyMs" FROM drain_seconds');
    expect(rows[0].busyMs).toBeGreaterThan(0);
    expect(rows[0].busyMs).toBeLessThanOrEqual(tookMs);
  });

  test('without a backlog a slow second means nothing', async () => {
    for (let ms = 0; ms < 10_000; ms += 100) await write(ms + 10, 3, ms);
    const { failed, cap } = await capChecks();
    expect(failed.used).toBeUndefined();
    expect(cap).toMatchObject({ capUsedRatio: null, backlogSeconds: 0 });
  });

  test('a pause is no unused cap', async () => {
    await setCap(4_000, 100, true);
    await setCap(6_000, 100, false);
    await drain(12, (tenth) => (tenth >= 40 && tenth < 60 ? 0 : 10));
    const { failed, cap } = await capChecks();
    expect(failed.used).toBeUndefined();
    expect(cap).toMatchObject({ capUsedRatio: 1, backlogSeconds: 6, stalledSeconds: 0 });
  });

  test('draining that stood still is counted apart, and warned of', async () => {
    await drain(12, (tenth) => (tenth >= 44 && tenth < 61 ? 0 : 10));
    const { failed, cap, report } = await capChecks();
    expect(failed.used).toBeUndefined();
    expect(cap).toMatchObject({ capUsedRatio: 1, backlogSeconds: 5, stalledSeconds: 3 });
    expect(report.warnings).toContain('draining stood still in 3 seconds with a backlog');
  });
});
