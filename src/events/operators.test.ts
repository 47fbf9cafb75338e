import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { get } from '../../test/support/http.ts';
import { createRig, type Rig, type RunningRole, rigAdminToken } from '../../test/support/rig.ts';
import { until } from '../../test/support/wait.ts';
import { systemClock } from '../platform/clock.ts';
import { announce, followersOn, noting, settledOrders, sorted, untilEqual } from './follower.testing.ts';
import type { Follower } from './follower.ts';
import { replay } from './replay.ts';

let rig: Rig;
let ops: RunningRole;
let followers: ReturnType<typeof followersOn>;
const environment = { FOLLOWER_ATTEMPTS: '1', FOLLOWER_MAX_ORDERS_PER_SECOND: '1000000' };

beforeAll(async () => {
  rig = await createRig(environment);
  followers = followersOn(rig);
  ops = await rig.ops();
});
afterAll(() => rig?.close());
afterEach(() => followers.stop());

const admin = (path: string, body?: object) =>
  get(`${ops.url}/admin/followers${path}`, {
    headers: {
      authorization: `Bearer ${rigAdminToken}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
  });

const lettersOf = async (name: string) =>
  (await admin(`/${name}/dead-letters`)).body.letters as { id: string; event: { id: string } | null }[];
const untilLetters = (name: string, count: number) =>
  until(async () => (await lettersOf(name)).length === count, {
    deadlineMs: 20_000,
    what: `${count} dead letters`,
  });

it('a dead letter that is redriven is handled, and one that is purged is gone', async () => {
  let works = false;
  const { follower, noted } = noting({}, async () => {
    if (!works) throw new Error('not yet');
  });
  const { name } = follower;
  await followers.run(follower);
  const ids = await announce(rig, settledOrders(3));
  await untilLetters(name, 3);
  works = true;
  const [first] = await lettersOf(name);
  expect((await admin(`/${name}/dead-letters/redrive`, { ids: [first!.id, ids[1]] })).body).toMatchObject({
    letters: [{ outcome: 'redriven' }, { outcome: 'redriven' }],
    unknownIds: [],
  });
  await until(() => noted.length === 2, { deadlineMs: 20_000, what: 'the effect' });
  expect([...noted].sort()).toEqual([ids[0]!, ids[1]!].sort());
  expect((await admin(`/${name}/dead-letters/purge`, { all: true })).body).toMatchObject({
    letters: [{ outcome: 'purged', eventId: expect.stringContaining(ids[2]!) }],
  });
  expect(await lettersOf(name)).toEqual([]);
  const entries = await rig.ledger.entries(2);
  expect(entries.map(({ action, outcome }) => [action, outcome])).toEqual([
    ['follower purge', 'done'],
    ['follower redrive', 'done'],
  ]);
});

it('what is no event can be purged, not redriven', async () => {
  const { follower } = noting();
  const { name } = follower;
  await followers.run(follower);
  await rig.inject(['nonsense'], { exchange: 'sluice.events', key: 'orders.confirmed' });
  await untilLetters(name, 1);
  expect((await admin(`/${name}/dead-letters/redrive`, { all: true })).body.letters).toMatchObject([
    { outcome: 'kept', eventId: null },
  ]);
  await admin(`/${name}/dead-letters/purge`, { all: true });
  expect(await lettersOf(name)).toEqual([]);
});

it('a follower that there is not is 404, and a broken name 400', async () => {
  expect(await admin('/nobody/dead-letters')).toMatchObject({ status: 404 });
  expect(await admin('/No.Body/dead-letters')).toMatchObject({ status: 400 });
});

/** A follower's queue without anybody who reads it. */
async function queueOf(follower: Follower): Promise<void> {
  await (await rig.follower(follower)).stop();
}

it('a full queue drops its oldest events; they are counted, and a replay brings them back once', async () => {
  const { follower, noted } = noting({ ordersAtOnce: 100 });
  const { name } = follower;
  await queueOf(follower);
  await rig.limitFollowerQueues(60_000);
  const saleId = await rig.sale([{ sku: 'sku', stock: 200 }]);
  const claimed = await rig.claimed(saleId, 'sku', 200);
  const drainer = await rig.drainer();
  // One after the other: what waits together goes in one message, which this queue has no room for.
  for (const orders of [claimed.slice(0, 100), claimed.slice(100)]) {
    const published = () => drainer.metric('sluice_events_published_total', { outcome: 'confirmed' });
    const wanted = (await published()) + orders.length;
    await rig.publisher.publish({ saleId, orders });
    await until(async () => (await published()) === wanted, { deadlineMs: 20_000, what: 'the events' });
  }
  await drainer.stop();
  const dropped = () => ops.metric('sluice_follower_dropped_events_total', { follower: name });
  await until(async () => (await dropped()) > 0, { deadlineMs: 20_000, what: 'the broker to drop some' });
  await followers.run(follower);
  await until(async () => noted.length + (await dropped()) === 200, {
    deadlineMs: 20_000,
    what: 'every event to be handled or counted',
  });
  expect(noted.length).toBeGreaterThan(0);
  const before = noted.length;

  const replaySale = () =>
    replay({
      follower,
      saleId,
      ledger: rig.ledger,
      queues: rig.followerQueues(name),
      waiting: () => rig.ready(`sluice.follower.${name}`),
      clock: { nowMs: Date.now, monotonicMs: () => performance.now(), sleep: async () => undefined },
    });
  expect(await replaySale()).toEqual({ replayed: 200 - before, handledBefore: before });
  // The broker may still count what it is moving away as part of this small queue, and then drops the replay as well.
  await until(
    async () => {
      if (noted.length < 200) await replaySale();
      return noted.length >= 200;
    },
    { deadlineMs: 20_000, what: 'what was dropped to be handled' },
  );
  expect(noted.length).toBe(200);
  expect(new Set(noted).size).toBe(200);
});

it('a replay leaves it to the follower to tell which of the orders it can never handle', async () => {
  const { follower, noted } = noting({ bindings: ['orders.failed'], ordersAtOnce: 10 });
  const { name } = follower;
  await followers.run(follower);
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  const [long, ...good] = await rig.claimed(saleId, 'sku', 3);
  // Its repetition is compressed, so that the table of orders can take it.
  const orders = [{ ...long!, transactionId: 'x'.repeat(3_000) }, ...good];
  for (const order of orders) await rig.ledger.recordFailed(order, 'dead-lettered');
  const replayed = await replay({
    follower,
    saleId,
    ledger: rig.ledger,
    queues: rig.followerQueues(name),
    waiting: async () => 0,
    clock: systemClock,
  });
  expect(replayed).toEqual({ replayed: 3, handledBefore: 0 });
  await untilLetters(name, 1);
  await untilEqual('the others', () => sorted(noted), sorted(good.map(({ transactionId }) => transactionId)));
});

it('the ops role shows what waits for every follower, also for one that does not run', async () => {
  const { follower } = noting();
  await queueOf(follower);
  await announce(rig, settledOrders(6), 2);
  const waiting = await until(
    async () => {
      const { followers } = (await admin('')).body as {
        followers: { name: string; waitingMessages: number }[];
      };
      const mine = followers.find(({ name }) => name === follower.name);
      return mine?.waitingMessages === 3 && mine;
    },
    { deadlineMs: 30_000, what: 'three messages to be seen' },
  );
  expect(waiting).toMatchObject({ unacknowledgedMessages: 0, retrying: 0, deadLetters: 0, instances: 0 });
  expect(await ops.metric('sluice_follower_waiting_messages', { follower: follower.name })).toBe(3);
});
