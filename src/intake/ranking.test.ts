import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectProblem, get } from '../../test/support/http.ts';
import { createRig, type Rig, type RunningRole } from '../../test/support/rig.ts';
import { createValve, type Valve } from '../../test/support/valve.ts';
import { until } from '../../test/support/wait.ts';
import { eventOf } from '../order/events.ts';

let rig: Rig;
let database: Valve;
let gateway: RunningRole;

beforeAll(async () => {
  rig = await createRig();
  database = await createValve(rig.stack.databaseUrl);
  gateway = await rig.gateway({}, { target: { databaseUrl: database.url } });
});
afterAll(async () => {
  await rig.close();
  await database.close();
});

/** Hands confirmed orders to the ranking, as its follower does. */
async function rank(
  saleId: string,
  buyers: readonly { customerId: string; sku: string; quantity: number }[],
) {
  const { opensAtMs } = (await rig.ledger.sale(saleId))!;
  const events = buyers.map((buyer, at) =>
    eventOf({
      order: {
        ...buyer,
        saleId,
        transactionId: `tx-${saleId.slice(5, 13)}-${at}`,
        sequence: at + 1,
        claimedAtMs: opensAtMs + 250 * (at + 1),
      },
      status: 'confirmed',
      settledAtMs: Date.now(),
    }),
  );
  await rig.handle('ranking', events);
}

const rankingOf = (saleId: string) => get(`${gateway.url}/sales/${saleId}/ranking`);

it('shows best sellers and fastest buyers, customers masked', async () => {
  const saleId = await rig.sale([
    { sku: 'ball', name: 'Ball', stock: 10 },
    { sku: 'bat', name: 'Bat', stock: 10 },
  ]);
  await rank(saleId, [
    { customerId: 'anna@example.com', sku: 'ball', quantity: 1 },
    { customerId: 'bob', sku: 'bat', quantity: 3 },
  ]);
  const { status, body, headers } = await rankingOf(saleId);
  expect(status).toBe(200);
  expect(headers.get('cache-control')).toBe('public, max-age=1');
  expect(body).toEqual({
    saleId,
    asOf: expect.stringMatching(/^\d{4}-.*Z$/),
    bestSellers: [
      { rank: 1, sku: 'bat', name: 'Bat', pieces: 3, orders: 1 },
      { rank: 2, sku: 'ball', name: 'Ball', pieces: 1, orders: 1 },
    ],
    fastestBuyers: [
      { rank: 1, customer: 'an***m', sku: 'ball', secondsAfterOpening: 0.25 },
      { rank: 2, customer: '***', sku: 'bat', secondsAfterOpening: 0.5 },
    ],
  });
});

it('is empty before the first confirmed order, and unknown with its sale', async () => {
  const saleId = await rig.sale([{ sku: 'ball', stock: 10 }]);
  expect((await rankingOf(saleId)).body).toMatchObject({ bestSellers: [], fastestBuyers: [] });
  expectProblem(await rankingOf('nowhere'), 404, 'unknown-sale');
});

it('costs the ledger one read, however many ask, and the last one is shown while it is away', async () => {
  const saleId = await rig.sale([{ sku: 'ball', stock: 10 }]);
  const other = await rig.sale([{ sku: 'ball', stock: 10 }]);
  const reading = async () => {
    const { rows } = await rig.db.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'sluice gateway' AND query LIKE '%ranking_sellers%'`,
    );
    return rows[0]!.n;
  };
  database.hold();
  const answers = Promise.all(Array.from({ length: 100 }, () => rankingOf(saleId)));
  await until(async () => (await reading()) > 0, { deadlineMs: 20_000, what: 'the ledger to be asked' });
  // A second read would go out on a connection of its own: the first one's answer is being held.
  expect(await reading()).toBe(1);
  database.release();
  const bodies = (await answers).map(({ body }) => body.asOf);
  expect(new Set(bodies).size).toBe(1);

  database.cut();
  await until(
    async () => {
      const { status, body } = await rankingOf(saleId);
      return status === 200 && body.asOf === bodies[0] && Date.now() - Date.parse(body.asOf) > 1_500;
    },
    { deadlineMs: 20_000, what: 'the last ranking, older than a second' },
  );
  expectProblem(await rankingOf(other), 503, 'unavailable', { retryAfter: true });
  database.mend();
  await until(async () => (await rankingOf(other)).status === 200, {
    deadlineMs: 20_000,
    what: 'the ranking to be read again',
  });
});
