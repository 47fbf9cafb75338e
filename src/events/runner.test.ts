import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createRig, type Rig } from '../../test/support/rig.ts';
import { createValve } from '../../test/support/valve.ts';
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

it('an event has its effect once, although it comes again, and the queue is empty after', async () => {
  const { follower, noted } = noting({ ordersAtOnce: 7 });
  const one = await followers.run(follower);
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
  await followers.run(follower);
  await announce(rig, settledOrders(3, { status: 'rejected', reason: 'sold-out' }));
  const ids = await announce(rig, settledOrders(2));
  await untilEqual('the confirmed orders', () => sorted(noted), sorted(ids));
});

it('a handler that wants up to N orders at once gets as many as there are', async () => {
  const { follower, noted, calls } = noting({ ordersAtOnce: 200 });
  await followers.run(follower).then((role) => role.stop());
  await announce(rig, settledOrders(450), 90);
  await followers.run(follower);
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
  await followers.run(follower);
  const begunMs = performance.now();
  await announce(rig, settledOrders(20), 1);
  const handled = () => calls.reduce((sum, { events }) => sum + events, 0);
  await until(() => handled() === 20, { deadlineMs: 20_000, what: 'all events' });
  const gathered = calls.slice(1).filter(({ events }) => events < 8).length;
  expect(gathered).toBeGreaterThan(0);
  // Each of them left 200 ms after the one before it; a timer may be up to a millisecond early by another clock.
  expect(calls.at(-1)!.atMs - begunMs).toBeGreaterThan(gathered * 199);
});

it('calls are under way at once as far as the follower allows it', async () => {
  let now = 0;
  let most = 0;
  const { follower, noted } = noting({ callsAtOnce: 3 }, async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 5));
    now -= 1;
  });
  await followers.run(follower);
  await announce(rig, settledOrders(60));
  await untilEqual('all events', () => noted.length, 60);
  expect(most).toBe(3);
});

it('while what it needs is away its events wait in the queue, uncounted, and all come through after', async () => {
  let isAway = true;
  let calls = 0;
  const { follower, noted } = noting({ ordersAtOnce: 5 }, async () => {
    calls += 1;
    if (isAway) throw new EffectError('neighbour-away', 'the mail server does not answer');
  });
  const one = await followers.run(follower);
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
    const one = await followers.run(follower, {}, { target: { databaseUrl: valve.url } });
    const ids = await announce(rig, settledOrders(20), 10);
    await until(async () => (await one.metric('sluice_follower_held')) === 1, {
      deadlineMs: 20_000,
      what: 'a hold',
    });
    expect(noted).toEqual([]);
    valve.mend();
    await untilEqual('all events', () => sorted(noted), sorted(ids));
  } finally {
    await followers.stop();
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
    await followers.run(follower, {}, { target: { amqpUrl: valve.url } });
    const ids = await announce(rig, settledOrders(300), 20);
    await until(() => noted.length > 20, { deadlineMs: 20_000, what: 'a start' });
    valve.cut();
    valve.mend();
    await untilEqual('all events', () => sorted([...new Set(noted)]), sorted(ids));
    expect(noted).toHaveLength(300);
  } finally {
    await followers.stop();
    await valve.close();
  }
});

it('several instances share the queue; one that stops finishes what it has begun, and nothing is lost', async () => {
  const { follower, noted } = noting(
    { ordersAtOnce: 4 },
    () => new Promise((resolve) => setTimeout(resolve, 2)),
  );
  const [, ...others] = await Promise.all([1, 2, 3].map(() => followers.run(follower)));
  const ids = await announce(rig, settledOrders(600), 15);
  await until(() => noted.length > 50, { deadlineMs: 20_000, what: 'a start' });
  await Promise.all(others.map((role) => role.stop()));
  await untilEqual('all events', () => sorted([...new Set(noted)]), sorted(ids));
  expect(noted).toHaveLength(600);
});

it('the rate of a process is limited', async () => {
  const { follower, noted } = noting({ ordersAtOnce: 10 });
  await followers.run(follower, { FOLLOWER_MAX_ORDERS_PER_SECOND: '200' });
  const startedAt = performance.now();
  await announce(rig, settledOrders(100));
  await untilEqual('all events', () => noted.length, 100);
  // The first call goes at once.
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual((1_000 * 89) / 200);
});
