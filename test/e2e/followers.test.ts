import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { crowd } from '../support/http.ts';
import { newOrder } from '../support/rig.ts';
import { until } from '../support/wait.ts';
import { type Cluster, createCluster, type RoleName } from './support/cluster.ts';
import type { RoleProcess } from './support/role-process.ts';

/** How often each follower is killed; `npm run test:follower-strikes` does it 50 times. */
const strikes = Number(process.env.FOLLOWER_STRIKES ?? 2);
/** So slow that a strike always falls into the middle of the work. */
const followerOrdersPerSecond = 400;
const orders = strikes * 300;
const handledPerStrike = 80;
/** What one follower needs for all of them at its pace. */
const paceMs = (orders / followerOrdersPerSecond) * 1_000;

let cluster: Cluster;
let db: pg.Client;

beforeAll(async () => {
  cluster = await createCluster({ FOLLOWER_MAX_ORDERS_PER_SECOND: String(followerOrdersPerSecond) });
  db = new pg.Client(cluster.stack.databaseUrl);
  db.on('error', () => undefined);
  await db.connect();
});
afterAll(async () => {
  await db?.end();
  await cluster?.close();
});

async function count(sql: string, saleId: string): Promise<number> {
  const { rows } = await db.query<{ n: number }>(sql, [saleId]);
  return Number(rows[0]!.n);
}

const points = (saleId: string) =>
  count('SELECT count(*) AS n FROM loyalty_entries WHERE sale_id = $1', saleId);
const ranked = (saleId: string) =>
  count('SELECT coalesce(sum(orders), 0) AS n FROM ranking_sellers WHERE sale_id = $1', saleId);

/** Kills a follower again and again while it works, and starts it again. */
async function strike(role: RoleName, first: RoleProcess, handled: () => Promise<number>): Promise<void> {
  let follower = first;
  for (let i = 1; i <= strikes; i++) {
    const before = await handled();
    await until(async () => (await handled()) >= Math.min(orders, before + handledPerStrike), {
      deadlineMs: 30_000,
      what: `${role} to have handled some orders before strike ${i}`,
    });
    process.kill(follower.pid, 'SIGKILL');
    expect(await follower.exited).toBe('SIGKILL');
    follower = await cluster.start(role);
  }
}

it('followers that are killed under load have every effect once', {
  timeout: 120_000 + strikes * 10_000,
}, async () => {
  const saleId = 'struck';
  await cluster.start('ops');
  const [loyalty, ranking] = await Promise.all([
    cluster.start('follower loyalty'),
    cluster.start('follower ranking'),
    cluster.start('gateway'),
    cluster.start('drainer'),
  ]);
  await cluster.sell(saleId, [{ sku: 'sku', stock: orders }]);
  const wanted = Array.from({ length: orders }, () => newOrder({ sku: 'sku' }));
  const shopping = crowd(cluster.gatewayUrl, saleId, wanted);
  const followers = Promise.all([
    strike('follower loyalty', loyalty, () => points(saleId)),
    strike('follower ranking', ranking, () => ranked(saleId)),
  ]);
  const taken = (await shopping).filter(({ status }) => status === 202 || status === 200).length;
  expect(taken).toBeGreaterThan(0);
  await followers;
  const confirmed = await until(
    async () => {
      const inLedger = await count('SELECT count(*) AS n FROM orders WHERE sale_id = $1', saleId);
      const isDone = (await points(saleId)) >= inLedger && (await ranked(saleId)) >= inLedger;
      return inLedger >= taken && isDone && inLedger;
    },
    { deadlineMs: 60_000, what: 'every order to be handled' },
  );
  expect(await points(saleId)).toBe(confirmed);
  expect(await ranked(saleId)).toBe(confirmed);
  expect(
    await count(
      "SELECT count(*) AS n FROM orders o FULL JOIN loyalty_entries l USING (sale_id, transaction_id) WHERE sale_id = $1 AND (o.status IS DISTINCT FROM 'confirmed' OR l.points IS NULL)",
      saleId,
    ),
  ).toBe(0);
});

it('a follower that joins late gets what was before by a replay, once', {
  timeout: 60_000 + paceMs,
}, async () => {
  const { rows } = await db.query<{ n: string }>("SELECT count(*) AS n FROM orders WHERE sale_id = 'struck'");
  await db.query('DELETE FROM loyalty_entries');
  const replayed = await cluster.sluice('follower', 'loyalty', 'replay', '--sale', 'struck');
  expect(replayed, replayed.stderr).toMatchObject({ code: 0 });
  expect(replayed.stdout).toContain(`${rows[0]!.n} orders replayed for loyalty, 0 it had handled before`);
  await until(async () => (await points('struck')) === Number(rows[0]!.n), {
    deadlineMs: 30_000 + paceMs,
    what: 'all points',
  });
  const again = await cluster.sluice('follower', 'loyalty', 'replay', '--sale', 'struck');
  expect(again.stdout).toContain(`0 orders replayed for loyalty, ${rows[0]!.n} it had handled before`);
});

it('a name or a sale that there is not is refused, saying what there is', async () => {
  const nobody = await cluster.sluice('follower', 'nobody');
  expect(nobody.code).toBe(1);
  expect(nobody.stderr).toContain('there is no follower nobody: there are activity-log, loyalty, ranking');
  const mail = await cluster.sluice('follower', 'mail');
  expect(mail.stderr).toContain('mail needs SMTP_URL');
  const nothing = await cluster.sluice('follower', 'loyalty', 'replay', '--sale', 'nothing');
  expect(nothing.code).toBe(1);
  expect(nothing.stderr).toContain('there is no sale nothing');
  const half = await cluster.sluice('follower', 'loyalty', 'replay');
  expect(half.code).toBe(2);
});
