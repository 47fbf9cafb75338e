// biome-ignore lint/style/noRestrictedImports: the administrator of the database that goes away is at another one.
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest';
import { createRig, type Rig, type RunningRole } from '../../test/support/rig.ts';
import { until } from '../../test/support/wait.ts';
import type { ClaimedOrder } from '../order/order.ts';

let rig: Rig;
const drainers: RunningRole[] = [];

beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());
afterEach(async () => {
  await Promise.all(drainers.splice(0).map((drainer) => drainer.stop()));
  await rig.ledger.setPaused(false);
});

async function drainer(): Promise<RunningRole> {
  const one = await rig.drainer();
  drainers.push(one);
  return one;
}

async function queued(saleId: string, orders: number, perEnvelope: number): Promise<ClaimedOrder[]> {
  const all = await rig.claimed(saleId, 'sku', orders);
  for (let i = 0; i < orders; i += perEnvelope) {
    await rig.publisher.publish({ saleId, orders: all.slice(i, i + perEnvelope) });
  }
  return all;
}

const confirmedOf = async (saleId: string) => (await rig.counts(saleId)).confirmed;
const untilConfirmed = (saleId: string, orders: number) =>
  until(async () => (await confirmedOf(saleId)) >= orders, {
    deadlineMs: 15_000,
    what: `${orders} orders in the ledger`,
  });
/** What the broker has in hand, ready and delivered, counted by taking the drainers away. */
const untilAllReady = (envelopes: number) =>
  until(async () => (await rig.ready()) === envelopes, {
    deadlineMs: 20_000,
    what: `${envelopes} envelopes given back`,
  });

/** The most orders that any closed second saw, by the ledger's own clock. */
async function busiestSecond(saleId: string): Promise<number> {
  const { rows } = await rig.db.query<{ n: number }>(
    `SELECT max(n)::int AS n FROM (
       SELECT count(*) OVER (ORDER BY settled_at RANGE BETWEEN CURRENT ROW AND interval '1 second' FOLLOWING)
         AS n FROM orders WHERE sale_id = $1) s`,
    [saleId],
  );
  return rows[0]!.n;
}

it('two drainers together stay within the cap and one burst in any second', async () => {
  await rig.ledger.setCap(100, 'configured');
  const saleId = await rig.sale([{ sku: 'sku', stock: 1_000 }]);
  await queued(saleId, 320, 8);
  await Promise.all([drainer(), drainer()]);
  await untilConfirmed(saleId, 320);
  // 50 ms of 100/s.
  expect(await busiestSecond(saleId)).toBeLessThanOrEqual(105);
  const { rows } = await rig.db.query<{ seconds: number }>(
    `SELECT extract(epoch FROM max(settled_at) - min(settled_at))::float8 AS seconds
       FROM orders WHERE sale_id = $1`,
    [saleId],
  );
  expect(rows[0]!.seconds).toBeGreaterThanOrEqual(3.1);
});

it('a change of the cap is followed while the backlog drains', async () => {
  await rig.ledger.setCap(20, 'configured');
  const saleId = await rig.sale([{ sku: 'sku', stock: 1_000 }]);
  await queued(saleId, 400, 10);
  await drainer();
  await untilConfirmed(saleId, 5);
  expect(await confirmedOf(saleId)).toBeLessThan(100);
  await rig.ledger.setCap(5_000, 'configured');
  await until(async () => (await confirmedOf(saleId)) === 400, {
    // At 20/s it would take 20 s.
    deadlineMs: 8_000,
    what: 'the backlog to drain at the new cap',
  });
});

it('a pause gives everything back to the queue, a resume drains it', async () => {
  // So slow that a busy machine may take seconds to pause it, and most orders still wait.
  await rig.ledger.setCap(20, 'configured');
  const saleId = await rig.sale([{ sku: 'sku', stock: 1_000 }]);
  await queued(saleId, 150, 1);
  await drainer();
  await untilConfirmed(saleId, 10);
  await rig.ledger.setPaused(true);
  const left = await until(
    async () => {
      const confirmed = await confirmedOf(saleId);
      return (await rig.ready()) === 150 - confirmed && { confirmed };
    },
    { deadlineMs: 20_000, what: 'the rest to be ready again' },
  );
  expect(left.confirmed).toBeLessThan(150);
  await rig.ledger.setCap(2_000, 'configured');
  await rig.ledger.setPaused(false);
  await untilConfirmed(saleId, 150);
});

it('a stop acknowledges what is committed and gives the rest back at once', async () => {
  // So slow that a busy machine may take seconds to stop it, and most orders still wait.
  await rig.ledger.setCap(20, 'configured');
  const saleId = await rig.sale([{ sku: 'sku', stock: 1_000 }]);
  await queued(saleId, 150, 1);
  const one = await rig.drainer();
  await untilConfirmed(saleId, 10);
  await one.stop(20_000);
  const confirmed = await confirmedOf(saleId);
  expect(confirmed).toBeLessThan(150);
  await untilAllReady(150 - confirmed);
  expect((await rig.claims.counters(saleId))!.settled).toBe(confirmed);
  expect(one.faults).toEqual([]);
  // Nobody is left who writes.
  await rig.ledger.setCap(2_000, 'configured');
  expect(await confirmedOf(saleId)).toBe(confirmed);
  await drainer();
  await untilConfirmed(saleId, 150);
  expect(await confirmedOf(saleId)).toBe(150);
});

it('a drainer that dies after the commit and before the ack leaves work that another repeats once', async () => {
  await rig.ledger.setCap(2_000, 'configured');
  const saleId = await rig.sale([{ sku: 'sku', stock: 1_000 }]);
  let died = 0;
  const dying = await rig.drainer(
    {},
    {
      hitFailpoint(point) {
        if (point !== 'commit-settle') return;
        died += 1;
        throw new Error('died here');
      },
    },
  );
  await queued(saleId, 40, 4);
  await until(async () => died > 0 && (await confirmedOf(saleId)) === 40, {
    deadlineMs: 20_000,
    what: 'commits that were not acknowledged',
  });
  expect(dying.faults.length).toBeGreaterThanOrEqual(1);
  expect((await rig.claims.counters(saleId))!.settled).toBe(0);
  await dying.stop();
  await drainer();
  await until(async () => (await rig.claims.counters(saleId))!.settled === 40, {
    deadlineMs: 10_000,
    what: 'the claims to be settled by the next drainer',
  });
  expect(await rig.counts(saleId)).toMatchObject({ confirmed: 40, stockLeft: 960 });
});

it('Postgres away: the batch is held, nothing is dead-lettered, and it goes on when it is back', async () => {
  await rig.ledger.setCap(300, 'configured');
  const saleId = await rig.sale([{ sku: 'sku', stock: 1_000 }]);
  await queued(saleId, 200, 5);
  const one = await drainer();
  await untilConfirmed(saleId, 20);
  const database = new URL(rig.stack.databaseUrl).pathname.slice(1);
  const admin = new pg.Client(inject('services').databaseUrl);
  await admin.connect();
  try {
    await admin.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
    await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name <> ''",
      [database],
    );
    await until(
      async () =>
        (await one.metric('sluice_dependency_up', { dependency: 'postgres' })) === 0 &&
        (await rig.ledger.readCap().catch(() => 'away')) === 'away',
      { deadlineMs: 20_000, what: 'the drainer to notice' },
    );
  } finally {
    await admin.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS true`);
    await admin.end();
  }
  await untilConfirmed(saleId, 200);
  expect(await rig.counts(saleId)).toMatchObject({ confirmed: 200, failed: 0, stockLeft: 800 });
  expect(await rig.ready('sluice.orders.dead')).toBe(0);
  expect(one.faults).toEqual([]);
});
