import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createRig, type Rig } from '../../test/support/rig.ts';
import { until } from '../../test/support/wait.ts';
import { eventOf } from '../order/events.ts';
import { systemClock } from '../platform/clock.ts';
import { createFollowerMetrics } from '../platform/follower-metrics.ts';
import { createRegistry } from '../platform/metrics.ts';
import { announce, followersOn, noting, settledOrders, sorted, untilEqual } from './follower.testing.ts';
import { EffectError, type Follower } from './follower.ts';
import { createPerform } from './perform.ts';

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

/** Orders with transaction IDs of their own among good ones. */
const ordersWith = (transactionIds: readonly string[], count: number) =>
  settledOrders(count).map((one, i) => {
    const transactionId = transactionIds[i - 2];
    return transactionId === undefined ? one : { ...one, order: { ...one.order, transactionId } };
  });

it('an event outside that could not be remembered is set aside before its effect, alone', async () => {
  const unfit = ['nul\u0000byte', randomBytes(2_000).toString('hex')];
  const { follower, noted } = noting({ ordersAtOnce: 10 });
  const one = await followers.run(follower);
  const ids = await announce(rig, ordersWith(unfit, 10));
  await untilEqual('the others', () => sorted(noted), sorted(ids.filter((id) => !unfit.includes(id))));
  await untilEqual('the dead letters', async () => (await letters(follower)).length, 2);
  const found = await letters(follower);
  expect(sorted(found.map(({ event }) => event!.data.transactionId))).toEqual(sorted(unfit));
  expect(new Set(found.map(({ reason }) => reason))).toEqual(new Set(['it can never be handled']));
  expect(sorted(found.map(({ cause }) => cause))).toEqual([
    expect.stringContaining('longer than 2500 bytes'),
    expect.stringContaining('invalid byte sequence'),
  ]);
  expect(await one.metric('sluice_follower_held')).toBe(0);
  await one.stop();
  await untilEqual('an empty queue', () => rig.ready(queueOf(follower)), 0);
});

it('what comes behind a neighbour that is away is not done, though an event could not be remembered', async () => {
  const orders = ordersWith(['nul\u0000byte'], 4);
  const events = orders.map((order) => eventOf(order));
  const { follower, noted } = noting({}, async (event) => {
    if (event.id === events[0]!.id)
      throw new EffectError('neighbour-away', 'the mail server does not answer');
  });
  const perform = createPerform({
    ...{ follower, ledger: rig.ledger, clock: systemClock, logger: rig.logger },
    metrics: createFollowerMetrics(createRegistry(), follower.name),
    signal: new AbortController().signal,
  });
  const away = expect.objectContaining({ code: 'neighbour-away' });
  expect(await perform(events)).toEqual([away, 'done', away, away]);
  expect(noted).toEqual([events[1]!.subject]);
});

it('what has happened and is refused as a memory holds nothing up', async () => {
  const { follower, noted } = noting();
  await rig.db.query(`
    CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.follower = '${follower.name}' THEN RAISE EXCEPTION 'nothing is remembered here'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER forget BEFORE INSERT ON follower_events FOR EACH ROW EXECUTE FUNCTION forget()`);
  try {
    const one = await followers.run(follower);
    const ids = await announce(rig, settledOrders(3));
    await untilEqual('all events', () => noted, ids);
    await one.stop();
    expect(await rig.ready(queueOf(follower))).toBe(0);
    expect(await letters(follower)).toEqual([]);
  } finally {
    await rig.db.query('DROP TRIGGER forget ON follower_events; DROP FUNCTION forget()');
  }
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
