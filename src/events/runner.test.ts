import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createRig, type Rig, type RunningRole } from '../../test/support/rig.ts';
import { createValve } from '../../test/support/valve.ts';
import { until } from '../../test/support/wait.ts';
import { announce, noting, settledOrders } from './follower.testing.ts';
import { EffectError, type Follower } from './follower.ts';

let rig: Rig;
const running: RunningRole[] = [];

beforeAll(async () => {
  rig = await createRig({ FOLLOWER_RETRY_MS: '300', FOLLOWER_MAX_ORDERS_PER_SECOND: '1000000' });
});
afterAll(() => rig?.close());
afterEach(async () => {
  await Promise.all(running.splice(0).map((role) => role.stop()));
});

async function run(...args: Parameters<Rig['follower']>): Promise<RunningRole> {
  const one = await rig.follower(...args);
  running.push(one);
  return one;
}

const letters = ({ name }: Follower) => rig.eventLetters(name).list(100);
const queueOf = ({ name }: Follower) => `sluice.follower.${name}`;
const untilEqual = <T>(what: string, read: () => T | Promise<T>, wanted: T) =>
  until(async () => JSON.stringify(await read()) === JSON.stringify(wanted), { deadlineMs: 20_000, what });
const sorted = (ids: readonly string[]) => [...ids].sort();

it('an event has its effect once, although it comes again, and the queue is empty after', async () => {
  const { follower, noted } = noting({ ordersAtOnce: 7 });
  const one = await run(follower);
  const orders = settledOrders(50);
  const ids = await announce(rig, orders, 20);
  await announce(rig, orders, 50);
  await untilEqual('all events', () => sorted(noted), sorted(ids));
  await until(() => one.metric('sluice_follower_repeated_total').then((n) => n === 50), {
    deadlineMs: 20_000,
    what: 'the repeats to be known',
  });
  expect(noted).toHaveLength(50);
  expect(await one.metric('sluice_follower_handled_total')).toBe(50);
  await one.stop();
  await untilEqual('an empty queue', () => rig.ready(queueOf(follower)), 0);
});

it('what it does not listen to does not reach it', async () => {
  const { follower, noted } = noting();
  await run(follower);
  await announce(rig, settledOrders(3, { status: 'rejected', reason: 'sold-out' }));
  const ids = await announce(rig, settledOrders(2));
  await untilEqual('the confirmed orders', () => sorted(noted), sorted(ids));
});

it('a handler that wants up to N orders at once gets as many as there are', async () => {
  const { follower, noted, calls } = noting({ ordersAtOnce: 200 });
  await run(follower).then((role) => role.stop());
  await announce(rig, settledOrders(450), 90);
  await run(follower);
  await untilEqual('all events', () => noted.length, 450);
  expect(Math.max(...calls)).toBeGreaterThan(90);
  expect(Math.max(...calls)).toBeLessThanOrEqual(200);
});

it('calls that write to the ledger’s database gather what comes, unless they are full', async () => {
  const calls: { atMs: number; events: number }[] = [];
  const { follower } = noting({
    ordersAtOnce: 8,
    effect: {
      within: 'ledger',
      async apply(events) {
        calls.push({ atMs: performance.now(), events: events.length });
      },
    },
  });
  await run(follower);
  await announce(rig, settledOrders(20), 1);
  const handled = () => calls.reduce((sum, { events }) => sum + events, 0);
  await until(() => handled() === 20, { deadlineMs: 20_000, what: 'all events' });
  expect(calls.length).toBeGreaterThan(1);
  for (const [i, { atMs, events }] of calls.entries()) {
    // A timer may be up to a millisecond early by another clock.
    if (i > 0 && events < 8) expect(atMs - calls[i - 1]!.atMs).toBeGreaterThan(190);
  }
});

it('calls are under way at once as far as the follower allows it', async () => {
  let now = 0;
  let most = 0;
  const { follower, noted } = noting({ callsAtOnce: 3 }, async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 5));
    now -= 1;
  });
  await run(follower);
  await announce(rig, settledOrders(60));
  await untilEqual('all events', () => noted.length, 60);
  expect(most).toBe(3);
});

it('an event that fails is tried again after the delay, alone, and those beside it are not held up', async () => {
  const orders = settledOrders(10);
  const failing = orders[3]!.order.transactionId;
  const attempts: number[] = [];
  const { follower, noted } = noting({ ordersAtOnce: 10 }, async ({ subject }) => {
    if (subject !== failing) return;
    attempts.push(Date.now());
    if (attempts.length < 3) throw new Error('not now');
  });
  const one = await run(follower);
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
  const one = await run(follower);
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
  await run(follower);
  await announce(rig, settledOrders(1));
  await until(async () => (await letters(follower))[0]?.reason === 'it can never be handled', {
    deadlineMs: 20_000,
    what: 'the dead letter',
  });
  expect(calls).toBe(1);
});

it('what cannot be understood is set aside with its reason, and the next event is handled', async () => {
  const { follower, noted } = noting();
  await run(follower);
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

it('while what it needs is away its events wait in the queue, uncounted, and all come through after', async () => {
  let isAway = true;
  let calls = 0;
  const { follower, noted } = noting({ ordersAtOnce: 5 }, async () => {
    calls += 1;
    if (isAway) throw new EffectError('neighbour-away', 'the mail server does not answer');
  });
  const one = await run(follower);
  const ids = await announce(rig, settledOrders(30), 10);
  await until(() => calls > 12, { deadlineMs: 20_000, what: 'several tries' });
  expect(await one.metric('sluice_follower_held')).toBe(1);
  expect(await one.metric('sluice_follower_oldest_event_age_seconds')).toBeGreaterThan(0);
  isAway = false;
  await untilEqual('all events', () => sorted(noted), sorted(ids));
  expect(await one.metric('sluice_follower_failures_total')).toBe(0);
  expect(await one.metric('sluice_follower_held')).toBe(0);
  expect(await letters(follower)).toEqual([]);
});

it('Postgres away: nothing is done that could not be remembered, and all of it after', async () => {
  const valve = await createValve(rig.stack.databaseUrl);
  try {
    const { follower, noted } = noting({ ordersAtOnce: 5 });
    valve.cut();
    const one = await run(follower, {}, { target: { databaseUrl: valve.url } });
    const ids = await announce(rig, settledOrders(20), 10);
    await until(async () => (await one.metric('sluice_follower_held')) === 1, {
      deadlineMs: 20_000,
      what: 'a hold',
    });
    expect(noted).toEqual([]);
    valve.mend();
    await untilEqual('all events', () => sorted(noted), sorted(ids));
  } finally {
    await Promise.all(running.splice(0).map((role) => role.stop()));
    await valve.close();
  }
});

it('a follower that loses the broker goes on when it is back, with the effect once', async () => {
  const valve = await createValve(rig.stack.amqpUrl);
  try {
    const { follower, noted } = noting(
      { ordersAtOnce: 3 },
      () => new Promise((resolve) => setTimeout(resolve, 3)),
    );
    await run(follower, {}, { target: { amqpUrl: valve.url } });
    const ids = await announce(rig, settledOrders(300), 20);
    await until(() => noted.length > 20, { deadlineMs: 20_000, what: 'a start' });
    valve.cut();
    valve.mend();
    await untilEqual('all events', () => sorted([...new Set(noted)]), sorted(ids));
    expect(noted).toHaveLength(300);
  } finally {
    await Promise.all(running.splice(0).map((role) => role.stop()));
    await valve.close();
  }
});

it('several instances share the queue; one that stops finishes what it has begun, and nothing is lost', async () => {
  const { follower, noted } = noting(
    { ordersAtOnce: 4 },
    () => new Promise((resolve) => setTimeout(resolve, 2)),
  );
  await Promise.all([run(follower), run(follower), run(follower)]);
  const ids = await announce(rig, settledOrders(600), 15);
  await until(() => noted.length > 50, { deadlineMs: 20_000, what: 'a start' });
  await Promise.all(running.splice(0, 2).map((role) => role.stop()));
  await untilEqual('all events', () => sorted([...new Set(noted)]), sorted(ids));
  expect(noted).toHaveLength(600);
});

it('the rate of a process is limited', async () => {
  const { follower, noted } = noting({ ordersAtOnce: 10 });
  await run(follower, { FOLLOWER_MAX_ORDERS_PER_SECOND: '200' });
  const startedAt = performance.now();
  await announce(rig, settledOrders(100));
  await untilEqual('all events', () => noted.length, 100);
  // The first call goes at once.
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual((1_000 * 89) / 200);
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
  await Promise.all([run(follower), run(follower)]);
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
  await run(follower);
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
  const one = await run(follower, { FOLLOWER_ATTEMPTS: '1' });
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
