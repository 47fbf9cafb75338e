import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createClusterWatch } from '../../src/ops/cluster-watch.ts';
import { createLiveStreams } from '../../src/ops/live/live-streams.ts';
import { createOpsApp } from '../../src/ops/ops-app.ts';
import { createSaleWindow } from '../../src/ops/sale-window.ts';
import { createSteering } from '../../src/ops/steering.ts';
import type { ClaimedOrder } from '../../src/order/order.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createClusterMetrics, createRegistry } from '../../src/platform/metrics.ts';
import { createDeadLetters } from '../../src/queue/dead-letters.ts';
import { readDepth } from '../../src/queue/depth.ts';
import { declareTopology } from '../../src/queue/topology.ts';
import { sluice } from '../e2e/support/command.ts';
import { get } from '../support/http.ts';
import { createRig, newOrder, type Rig, rigAdminToken } from '../support/rig.ts';
import { createValve } from '../support/valve.ts';
import { until } from '../support/wait.ts';
import { deadLettersOf, rowOf, stockOf, untilLetters } from './dead-letter-tools.ts';

let rig: Rig;
const folder = mkdtempSync(join(tmpdir(), 'sluice-operations-'));

beforeAll(async () => {
  // The reconciler of an ops role beside it would be faster than the command.
  rig = await createRig();
});
afterAll(async () => {
  await rig.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await deadLettersOf(rig).purge({});
});

const run = (...args: string[]) => sluice(args, { cwd: folder, env: rig.stack.settings });

/** Failed orders of one piece, each with its claim, row and letter; they could be confirmed now. */
async function failed(count: number): Promise<ClaimedOrder[]> {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  const orders = await rig.claimed(saleId, 'sku', count);
  for (const order of orders) {
    const settlement = await rig.ledger.recordFailed(order, 'dead-lettered');
    await rig.claims.settle(saleId, [settlement]);
    await rig.publisher.deadLetter({
      ...{ order, reason: 'a test wants it so', cause: '22003', failedAtMs: Date.now() },
      history: ['claimed', 'delivered', 'failed'],
    });
  }
  return orders;
}

it('the command lists letters, redrives one, purges the rest, and says so by exit code too', async () => {
  const [a, b] = (await failed(2)) as [ClaimedOrder, ClaimedOrder];
  const listed = await run('dead-letters', 'list', '--json');
  expect(listed.code, listed.stderr).toBe(0);
  const letters = JSON.parse(listed.stdout) as { id: string; order: ClaimedOrder }[];
  expect(letters).toMatchObject([{ order: a, reason: 'a test wants it so' }, { order: b }]);
  const short = await run('dead-letters', 'list', '--limit', '1');
  for (const part of [letters[0]!.id, a.transactionId, '22003', 'delivered']) {
    expect(short.stdout).toContain(part);
  }
  expect(short.stdout).not.toContain(b.transactionId);

  for (const args of [[], ['--id', 'x', '--all'], ['--sale', a.saleId], ['--limit', '1']]) {
    expect((await run('dead-letters', 'redrive', ...args)).code, args.join(' ')).toBe(2);
  }
  expect(await rowOf(rig, b)).toEqual(['failed', 'dead-lettered']);

  const redriven = await run('dead-letters', 'redrive', '--id', letters[1]!.id, 'nobody');
  expect(redriven.code).toBe(1);
  expect(redriven.stdout).toContain(`confirmed  ${letters[1]!.id}`);
  expect(redriven.stderr).toContain('there is no dead letter nobody');
  expect(await rowOf(rig, b)).toEqual(['confirmed', undefined]);
  expect(await rowOf(rig, a)).toEqual(['failed', 'dead-lettered']);

  const none = await run('dead-letters', 'purge', '--all', '--sale', 'another-sale');
  expect(none.code).toBe(1);
  expect(none.stderr).toContain(`there is no sale another-sale; there are ${a.saleId}`);
  await untilLetters(rig, 1);
  const purged = await run('dead-letters', 'purge', '--all', '--sale', a.saleId, '--json');
  expect(purged.code, purged.stderr).toBe(0);
  expect(JSON.parse(purged.stdout)).toMatchObject({ letters: [{ outcome: 'purged' }], unknownIds: [] });
  expect(await stockOf(rig, a.saleId)).toEqual({ left: 9, held: 0, ledger: 9 });
  await untilLetters(rig, 0);
}, 60_000);

it('the admin API lists, redrives and purges, for those with the token', async () => {
  const ops = await rig.ops();
  const admin = (method: string, path: string, body?: object, token = rigAdminToken) =>
    get(`${ops.url}/admin/dead-letters${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  try {
    const [a, b] = (await failed(2)) as [ClaimedOrder, ClaimedOrder];
    for (const [method, path] of [['GET', ''] as const, ['POST', '/purge'] as const]) {
      const body = method === 'POST' ? { all: true } : undefined;
      expect((await admin(method, path, body, 'wrong')).status).toBe(401);
    }
    for (const body of [{}, { all: false }, { ids: [] }, { ids: ['x'], all: true }, { all: true, more: 1 }]) {
      expect((await admin('POST', '/redrive', body)).status, JSON.stringify(body)).toBe(400);
    }
    expect((await admin('GET', '?limit=0')).status).toBe(400);
    const { letters } = (await admin('GET', '?limit=5')).body as { letters: { id: string }[] };
    expect(letters).toMatchObject([{ order: a }, { order: b }]);
    expect(await admin('POST', '/redrive', { ids: [letters[0]!.id] })).toMatchObject({
      status: 200,
      body: { letters: [{ id: letters[0]!.id, outcome: 'confirmed' }], unknownIds: [] },
    });
    expect(await rowOf(rig, a)).toEqual(['confirmed', undefined]);
    expect(await admin('POST', '/purge', { all: true, saleId: b.saleId })).toMatchObject({
      status: 200,
      body: { letters: [{ transactionId: b.transactionId, outcome: 'purged' }] },
    });
    expect(await rowOf(rig, b)).toEqual(['failed', 'purged']);
    expect((await admin('GET', '')).body).toEqual({ letters: [] });
  } finally {
    await ops.stop();
  }
});

it('the admin API logs and keeps who did what and when, and answers 503 while the broker is away', async () => {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger('ops', 'info', { write: (line) => void lines.push(JSON.parse(line)) });
  const deadLetters = deadLettersOf(rig, {
    box: createDeadLetters({ amqpUrl: 'amqp://127.0.0.1:1', logger: rig.logger }),
  });
  const app = createOpsApp({
    registry: createRegistry(),
    state: () => undefined,
    steering: createSteering({
      ledger: rig.ledger,
      sales: rig.sales,
      saleWindow: createSaleWindow({ ledger: rig.ledger, sales: rig.sales, clock: systemClock }),
      deadLetters,
      trail: rig.ledger,
      logger,
    }),
    deadLetters,
    trail: rig.ledger,
    live: createLiveStreams(),
    audit: () => Promise.reject(new Error('nobody audits')),
    adminToken: rigAdminToken,
    clock: systemClock,
    logger,
  });
  const answer = await app.inject({
    method: 'POST',
    url: '/admin/dead-letters/purge',
    headers: { authorization: `Bearer ${rigAdminToken}` },
    payload: { ids: ['a-letter'] },
  });
  expect({ status: answer.statusCode, body: answer.json() }).toMatchObject({
    status: 503,
    body: { type: '/problems/broker-away' },
  });
  await app.close();
  const done = {
    who: '127.0.0.1',
    via: 'api',
    action: 'purge',
    details: { ids: ['a-letter'] },
    outcome: 'failed',
  };
  expect(lines.find((line) => line.msg === 'an operator’s action')).toMatchObject({
    ...done,
    time: expect.stringMatching(/^20/),
  });
  expect(await rig.ledger.entries(1)).toMatchObject([done]);
});

it('reconcile --dry-run says what would be published and settled, does nothing, and a round does it', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 20 }]);
  const epoch = (await rig.ledger.sale(saleId))!.epoch;
  const wanted = Array.from({ length: 5 }, () => newOrder({ sku: 'sku' }));
  const claimed = await rig.claims.claim(saleId, epoch, wanted);
  const orders = claimed.map((outcome) => (outcome as { order: ClaimedOrder }).order);
  const ids = orders.map((order) => order.transactionId);
  // Two have their confirm on record and are in the ledger, three were never published.
  rig.claims.accept(saleId, ids.slice(0, 2));
  expect((await rig.ledger.settleBatch(orders.slice(0, 2))).outcome).toBe('written');
  const planned = await until(
    async () => {
      const { code, stdout, stderr } = await run('reconcile', '--dry-run', '--json');
      expect(code, stderr).toBe(0);
      const { sales } = JSON.parse(stdout) as {
        sales: { saleId: string; republish: string[]; settle: { transactionId: string }[] }[];
      };
      const plan = sales.find((sale) => sale.saleId === saleId)!;
      return plan.republish.length === 3 && plan.settle.length === 2 && plan;
    },
    { deadlineMs: 20_000, what: 'the claims to be old enough' },
  );
  expect(planned.republish.toSorted()).toEqual(ids.slice(2).toSorted());
  expect(planned.settle.map((one) => one.transactionId).toSorted()).toEqual(ids.slice(0, 2).toSorted());
  expect((await run('reconcile', '--dry-run')).stdout).toContain(
    `${saleId}: would republish 3 orders and settle 2 claims`,
  );
  expect(await rig.ready()).toBe(0);
  expect((await rig.claims.counters(saleId))!.settled).toBe(0);

  const round = await run('reconcile');
  expect(round.code, round.stderr).toBe(0);
  expect(round.stdout).toBe('republished 3 orders, settled 2 claims\n');
  expect((await rig.claims.counters(saleId))!.settled).toBe(2);
  const drainer = await rig.drainer();
  await until(async () => (await rig.counts(saleId)).confirmed === 5, {
    deadlineMs: 10_000,
    what: 'the republished orders',
  });
  await drainer.stop();
  const left = await run('reconcile', '--dry-run', '--json');
  expect(JSON.parse(left.stdout).sales).toContainEqual({ saleId, republish: [], settle: [] });
}, 60_000);

it('a broker that lost its data while it was away gets its queues and their limits back', async () => {
  const valve = await createValve(rig.stack.amqpManagementUrl);
  const logger = createLogger('test', 'silent');
  let restored = 0;
  const watch = createClusterWatch({
    claims: rig.claims,
    ledger: rig.ledger,
    readDepth: () => readDepth({ ...rig.stack, amqpManagementUrl: valve.url }),
    restoreTopology: async () => {
      await declareTopology({ ...rig.stack, queueMaxBytes: 1_000_000, logger });
      restored += 1;
    },
    metrics: createClusterMetrics(createRegistry()),
    logger,
  });
  const { vhost } = rig.stack;
  const policies = async () => {
    const all = (await (await rig.manage('GET', `/policies/${vhost}`)).json()) as { name: string }[];
    return all.map(({ name }) => name).toSorted();
  };
  expect((await watch.look()).depth).toBeDefined();
  expect(restored).toBe(1);
  const all = await policies();
  expect(all).toEqual([
    'sluice-followers',
    'sluice-followers-aside',
    'sluice-followers-dropped',
    'sluice-orders',
    'sluice-orders-dead',
  ]);
  valve.cut();
  expect((await watch.look()).depth).toBeUndefined();
  for (const name of all) await rig.manage('DELETE', `/policies/${vhost}/${name}`);
  await rig.manage('DELETE', `/queues/${vhost}/sluice.orders.dead`);
  expect(await policies()).toEqual([]);
  valve.mend();
  await until(async () => (await watch.look()).depth, { deadlineMs: 5_000, what: 'the broker' });
  expect(await policies()).toEqual(all);
  expect(await rig.ready('sluice.orders.dead')).toBe(0);
  await watch.look();
  expect(restored).toBe(2);
  await valve.close();
});
