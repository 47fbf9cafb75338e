import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { burstOrders, decideBatch } from './cap-rule.ts';
import { claimedOrder, openTestLedger, putSale, settle, type TestLedger, words } from './ledger.testing.ts';
import type { LedgerStage } from './ledger.ts';

let at: TestLedger;
let saleId: string;

beforeAll(async () => {
  at = await openTestLedger(inject('services'));
  // The rates below are the cap's, not those of a disk that other tests keep busy.
  const { rows } = await at.client.query('SELECT current_database() AS name');
  await at.client.query(`ALTER DATABASE ${rows[0].name} SET synchronous_commit = off`);
});
afterAll(() => at.close());

beforeEach(async () => {
  await at.ledger.setPaused(false);
  await at.client.query('UPDATE drain_cap SET booked_until_ns = 0');
  saleId = await putSale(at.ledger, [{ sku: 'a', stock: 1_000_000 }]);
});

const batchOf = (orders: number) => Array.from({ length: orders }, () => claimedOrder({ saleId, sku: 'a' }));

/** Writes batches of these sizes as fast as the cap lets it, one after the other. */
async function drain(ledger: LedgerStage, total: number, size: () => number) {
  for (let left = total; left > 0; ) {
    const orders = Math.min(left, size());
    await settle(ledger, batchOf(orders));
    left -= orders;
  }
}

/** From `settled_at`: the busiest closed sliding second, the mean rate, and each batch. */
async function record() {
  const { rows } = await at.client.query<{ at_us: string; orders: number; busiest: number }>(
    `SELECT (extract(epoch FROM settled_at) * 1000000)::bigint AS at_us, orders,
            sum(orders) OVER (ORDER BY settled_at RANGE BETWEEN interval '1 second' PRECEDING AND CURRENT ROW)::integer
              AS busiest
       FROM (SELECT settled_at, count(*)::integer AS orders FROM orders WHERE sale_id = $1 GROUP BY 1) b
      ORDER BY settled_at`,
    [saleId],
  );
  const batches = rows.map((row) => ({ atNs: BigInt(row.at_us) * 1_000n, orders: row.orders }));
  return { batches, busiest: Math.max(...rows.map((row) => row.busiest)) };
}

describe('with a backlog', () => {
  const cap = 2_000;
  const burst = burstOrders(cap, 500);

  test.each([1, 4])('%i callers write at most cap + burst in any second', async (callers) => {
    await at.ledger.setCap(cap, 'test');
    const ledgers = Array.from({ length: callers }, () => at.another({ poolSize: 1 }));
    saleId = await putSale(at.ledger, [{ sku: 'a', stock: 1_000_000 }]);
    await Promise.all(ledgers.map((ledger) => drain(ledger, 3_000 / callers, () => burst / 4)));
    const { batches, busiest } = await record();
    expect(batches.reduce((sum, batch) => sum + batch.orders, 0)).toBe(3_000);
    expect(busiest).toBeLessThanOrEqual(cap + burst);
  });

  test('batches of all sizes keep to the rule of the model, batch by batch', async () => {
    await at.ledger.setCap(cap, 'test');
    let state = 7;
    const size = () => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return 1 + (state % burst);
    };
    const ledgers = [at.another({ poolSize: 1 }), at.another({ poolSize: 1 })];
    await Promise.all(ledgers.map((ledger) => drain(ledger, 1_500, size)));
    const { batches, busiest } = await record();
    let bookedUntilNs = 0n;
    for (const { atNs, orders } of batches) {
      const decision = decideBatch({ ordersPerSecond: cap, burstOrders: burst, bookedUntilNs }, orders, atNs);
      if (!decision.allowed) throw new Error(`written ${decision.waitNs} ns early`);
      bookedUntilNs = decision.bookedUntilNs;
    }
    const { rows } = await at.client.query('SELECT booked_until_ns FROM drain_cap');
    expect(BigInt(rows[0].booked_until_ns)).toBe(bookedUntilNs);
    expect(busiest).toBeLessThanOrEqual(cap + burst);
  });
});

/**
 * Writes batches until one is told to wait, however late a busy machine comes with the next. `beforeSeconds` is the
 * database's time before that one asked.
 */
async function untilToldToWait(orders: number) {
  for (let written = 0; ; written++) {
    const { rows } = await at.client.query('SELECT extract(epoch FROM clock_timestamp()) AS now');
    const result = await at.ledger.settleBatch(batchOf(orders));
    if (result.outcome === 'wait') return { written, beforeSeconds: Number(rows[0].now), result };
    expect(result.outcome).toBe('written');
  }
}

async function bookedUntilSeconds(): Promise<number> {
  const { rows } = await at.client.query('SELECT booked_until_ns / 1e9 AS t FROM drain_cap');
  return Number(rows[0].t);
}

describe('the cap row', () => {
  test('a batch that must wait leaves no trace and is told how long', async () => {
    await at.ledger.setCap(1, 'test');
    const { written, beforeSeconds, result } = await untilToldToWait(1);
    expect(result).toMatchObject({ outcome: 'wait', cap: { ordersPerSecond: 1, burstOrders: 1 } });
    // Credit for waking up late is 0.9 of an order: a batch is asked back that much before the row is booked to.
    const longestMs = ((await bookedUntilSeconds()) - 0.9 - beforeSeconds) * 1_000;
    expect(result.waitMs).toBeLessThanOrEqual(longestMs + 0.01);
    const rows = await at.client.query('SELECT FROM orders WHERE sale_id = $1', [saleId]);
    expect(rows.rowCount).toBe(written);
    expect((await at.ledger.sale(saleId))!.items[0]!.stockLeft).toBe(1_000_000 - written);
  });

  test('the wait ends at the moment the rule names', async () => {
    // An order books 17 ms, more than a call takes, so that even single ones are told to wait soon.
    const cap = 60;
    const burst = burstOrders(cap, 500);
    await at.ledger.setCap(cap, 'test');
    const tolerance = (orders: number) => (burst - orders + 0.9) / cap;
    for (let orders = burst; orders >= 1; orders--) {
      const { beforeSeconds, result } = await untilToldToWait(orders);
      const longestMs = ((await bookedUntilSeconds()) - tolerance(orders) - beforeSeconds) * 1_000;
      expect(result.waitMs).toBeGreaterThan(0);
      expect(result.waitMs).toBeLessThanOrEqual(longestMs + 0.01);
    }
  });

  test('known orders never wait, nor count', async () => {
    await at.ledger.setCap(1, 'test');
    const batch = batchOf(1);
    const first = await settle(at.ledger, batch);
    const { rows: before } = await at.client.query('SELECT * FROM drain_cap');
    for (let i = 0; i < 5; i++) {
      expect(await at.ledger.settleBatch([...batch, ...batch])).toMatchObject({
        outcome: 'written',
        settlements: Array(2).fill({ ...first[0], repeated: true }),
      });
    }
    expect((await at.client.query('SELECT * FROM drain_cap')).rows).toEqual(before);
  });

  test('more new orders than the burst are too large; known ones and twins are not new', async () => {
    await at.ledger.setCap(200, 'test');
    const batch = batchOf(11);
    expect(await at.ledger.settleBatch(batch)).toMatchObject({
      outcome: 'too-large',
      cap: { burstOrders: 10 },
    });
    await settle(at.ledger, batch.slice(0, 5));
    expect(words(await settle(at.ledger, [...batch, ...batch]))).toEqual(Array(22).fill('confirmed'));
  });

  test('no burst is larger than the caller’s largest batch', async () => {
    await at.ledger.setCap(1_000_000, 'test');
    const small = at.another({ batchMaxOrders: 3 });
    expect(await small.settleBatch(batchOf(4))).toMatchObject({
      outcome: 'too-large',
      cap: { burstOrders: 3 },
    });
    expect((await small.readCap()).burstOrders).toBe(3);
  });

  test('a pause is seen by the next call, and ends as well', async () => {
    await at.ledger.setCap(2_000, 'test');
    expect(await at.ledger.setPaused(true)).toMatchObject({ paused: true, ordersPerSecond: 2_000 });
    expect(await at.ledger.settleBatch(batchOf(1))).toMatchObject({
      outcome: 'paused',
      cap: { paused: true },
    });
    const purged = await at.ledger.recordFailed(batchOf(1)[0]!, 'purged');
    expect(purged).toMatchObject({ status: 'failed', reason: 'purged' });
    await at.ledger.setPaused(false);
    expect(words(await settle(at.ledger, batchOf(1)))).toEqual(['confirmed']);
  });

  test('a changed cap is seen by the next call, with its reason, and forgets what a lower one booked', async () => {
    await at.ledger.setCap(1, 'slow');
    await untilToldToWait(1);
    const changed = await at.ledger.setCap(1_000, 'configured');
    expect(changed).toEqual({ ordersPerSecond: 1_000, paused: false, reason: 'configured', burstOrders: 50 });
    const result = await at.ledger.settleBatch(batchOf(1));
    expect(result.cap).toEqual(changed);
    expect(result.outcome === 'wait' ? result.waitMs : 0).toBeLessThanOrEqual(51);
    expect(await at.another().readCap()).toEqual(changed);
  });

  test('a clock that was set back does not stop the drain', async () => {
    await at.ledger.setCap(2_000, 'test');
    await at.client.query(
      "UPDATE drain_cap SET booked_until_ns = (extract(epoch FROM now() + interval '1 day') * 1000000)::bigint * 1000",
    );
    const result = await at.ledger.settleBatch(batchOf(50));
    expect(result.outcome === 'wait' && result.waitMs).toBeLessThanOrEqual(26);
  });

  test.each([0, -1, 1.5, 1_000_001, Number.NaN])('a cap of %d is refused, naming the range', async (cap) => {
    await expect(at.ledger.setCap(cap, 'test')).rejects.toThrow(
      new RangeError(`the cap is a whole number from 1 to 1000000 orders per second, not ${cap}`),
    );
  });
});
