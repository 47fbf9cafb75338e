import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createRig, type Rig } from '../../test/support/rig.ts';
import { until } from '../../test/support/wait.ts';
import { announce, followersOn, noting, settledOrders, sorted, untilEqual } from './follower.testing.ts';
import { EffectError, type Follower } from './follower.ts';

let rig: Rig;
let followers: ReturnType<typeof followersOn>;

beforeAll(async () => {
  rig = await createRig({ FOLLOWER_RETRY_MS: '300', FOLLOWER_MAX_ORDERS_PER_SECOND: '1000000' });
  followers = followersOn(rig);
});
afterAll(() => rig?.close());
afterEach(() => followers.stop());

const letters = ({ name }: Follower) => rig.eventLetters(name).list(100);
const queueOf = ({ name }: Follower) => `sluice.follower.${name}`;

it('an event that fails is tried again after the delay, alone, and those beside it are not held up', async () => {
  const orders = settledOrders(10);
  const failing = orders[3]!.order.transactionId;
  const attempts: number[] = [];
  const { follower, noted } = noting({ ordersAtOnce: 10 }, async ({ subject }) => {
    if (subject !== failing) return;
    attempts.push(Date.now());
    if (attempts.length < 3) throw new Error('not now');
  });
  const one = await followers.run(follower);
  const ids = await announce(rig, orders);
  await untilEqual('all events', () => sorted(noted), sorted(ids));
  expect(noted.at(-1)).toBe(failing);
  expect(attempts[1]! - attempts[0]!).toBeGreaterThanOrEqual(299);
  expect(attempts[2]! - attempts[1]!).toBeGreaterThanOrEqual(599);
  expect(await one.metric('sluice_follower_failures_total')).toBe(2);
  expect(await one.metric('sluice_follower_retries_total')).toBe(2);
  expect(await letters(follower)).toEqual([]);
});

it('an event that keeps failing becomes a dead letter with its reason and history', async () => {
  const { follower, noted } = noting({}, async ({ data }) => {
    if (data.quantity === 13) throw new Error('bad luck');
  });
  const one = await followers.run(follower);
  const [good, bad] = settledOrders(2);
  await announce(rig, [{ ...bad!, order: { ...bad!.order, quantity: 13 } }, good!]);
  const [letter] = await until(async () => (await letters(follower)).length === 1 && letters(follower), {
    deadlineMs: 20_000,
    what: 'the dead letter',
  });
  expect(letter).toMatchObject({ reason: 'it failed 3 times', cause: 'bad luck' });
  expect(letter!.event!.data.transactionId).toBe(bad!.order.transactionId);
  expect(letter!.history).toHaveLength(3);
  expect(noted).toEqual([good!.order.transactionId]);
  expect(await one.metric('sluice_follower_dead_lettered_total')).toBe(1);
});

it('an event that is refused for good becomes a dead letter at once', async () => {
  let calls = 0;
  const { follower } = noting({}, async () => {
    calls += 1;
    throw new EffectError('effect-refused', 'there is no such address');
  });
  await followers.run(follower);
  await announce(rig, settledOrders(1));
  await until(async () => (await letters(follower))[0]?.reason === 'it can never be handled', {
    deadlineMs: 20_000,
    what: 'the dead letter',
  });
  expect(calls).toBe(1);
});

it('what cannot be understood is set aside with its reason, and the next event is handled', async () => {
  const { follower, noted } = noting();
  await followers.run(follower);
  await rig.inject(['no JSON', '{"specversion":"0.3"}', '[]'], {
    exchange: 'sluice.events',
    key: 'orders.confirmed',
  });
  const ids = await announce(rig, settledOrders(1));
  await untilEqual('the event behind them', () => noted, ids);
  await until(async () => (await letters(follower)).length === 2, {
    deadlineMs: 20_000,
    what: 'the letters',
  });
  expect((await letters(follower)).map(({ cause, content }) => [cause, content?.toString()])).toEqual([
    ['it is not JSON', 'no JSON'],
    ['its specversion is not 1.0', '{"specversion":"0.3"}'],
  ]);
  await until(async () => (await rig.ready(queueOf(follower))) === 0, {
    deadlineMs: 20_000,
    what: 'an empty queue',
  });
});

it('where the order is kept, an event that fails holds up those behind it, whoever runs', async () => {
  const orders = settledOrders(12);
  const ids = orders.map(({ order }) => order.transactionId);
  let failuresLeft = 2;
  const { follower, noted } = noting(
    { keepsOrder: true, ordersAtOnce: 5, callsAtOnce: 4 },
    async ({ subject }) => {
      if (subject === ids[4] && failuresLeft-- > 0) throw new Error('not now');
    },
  );
  await Promise.all([followers.run(follower), followers.run(follower)]);
  await announce(rig, orders, 4);
  await untilEqual('all events in their order', () => noted, ids);
});

it('in the ledger, too, the order is kept, and an event that never works is left behind', async () => {
  const orders = settledOrders(6);
  const applied: string[] = [];
  const follower: Follower = {
    name: 'in-order-in-ledger',
    bindings: ['orders.confirmed'],
    ordersAtOnce: 6,
    keepsOrder: true,
    effect: {
      within: 'ledger',
      async apply(events, sql) {
        for (const { subject } of events) {
          if (subject === orders[2]!.order.transactionId) await sql('SELECT 1 / 0');
        }
        applied.push(...events.map(({ subject }) => subject));
      },
    },
  };
  await followers.run(follower);
  const ids = await announce(rig, orders);
  await untilEqual(
    'the others in their order',
    () => applied,
    ids.filter((_, i) => i !== 2),
  );
  expect((await letters(follower))[0]!.cause).toContain('division by zero');
});

it('in the ledger one bad event among many is isolated, and the others happen', async () => {
  const orders = settledOrders(20);
  const bad = orders[13]!.order.transactionId;
  const { name, bindings, effect } = (await import('./followers/activity-log.ts')).createActivityLog();
  if (effect.within !== 'ledger') throw new Error('it writes elsewhere');
  const follower: Follower = {
    name,
    bindings,
    ordersAtOnce: 20,
    effect: {
      within: 'ledger',
      async apply(events, sql, context) {
        await effect.apply(events, sql, context);
        if (events.some(({ subject }) => subject === bad)) throw new Error('it has a curse');
      },
    },
  };
  const one = await followers.run(follower, { FOLLOWER_ATTEMPTS: '1' });
  await announce(rig, orders);
  await until(async () => (await letters(follower)).length === 1, {
    deadlineMs: 20_000,
    what: 'the dead letter',
  });
  expect(await one.metric('sluice_follower_handled_total')).toBe(19);
  const { rows } = await rig.db.query('SELECT count(*)::int AS n FROM activity_log WHERE sale_id = $1', [
    orders[0]!.order.saleId,
  ]);
  expect(rows[0].n).toBe(19);
});
