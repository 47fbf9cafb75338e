import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { eventOf, type OrderEvent } from '../order/events.ts';
import { claimedOrder, openTestLedger, putSale, settle, type TestLedger } from './ledger.testing.ts';

let db: TestLedger;

beforeAll(async () => {
  db = await openTestLedger(inject('services'));
});
afterAll(() => db?.close());

function events(count: number): OrderEvent[] {
  const saleId = `sale-${randomUUID()}`;
  return Array.from({ length: count }, () =>
    eventOf({ order: claimedOrder({ saleId, sku: 'sku' }), status: 'confirmed', settledAtMs: Date.now() }),
  );
}

/** An effect that shows: a line for each event. */
function logActivity(some: readonly OrderEvent[]): Promise<number> {
  return db.ledger.once('activity-log', some, async (fresh, sql) => {
    await sql(
      `INSERT INTO activity_log (happened_at, sale_id, customer_id, activity)
       SELECT now(), sale_id, 'c', 'a' FROM unnest($1::text[]) AS sale_id`,
      [fresh.map(({ data }) => data.saleId)],
    );
  });
}

async function lines(saleId: string): Promise<number> {
  const { rows } = await db.client.query('SELECT count(*)::int AS n FROM activity_log WHERE sale_id = $1', [
    saleId,
  ]);
  return rows[0].n;
}

it('an event has its effect once, however often and in whatever company it comes', async () => {
  const [first, second, third] = events(3) as [OrderEvent, OrderEvent, OrderEvent];
  expect(await logActivity([first, second, first])).toBe(2);
  expect(await logActivity([second, third])).toBe(1);
  expect(await logActivity([third, first])).toBe(0);
  expect(await lines(first.data.saleId)).toBe(3);
});

it('processes that handle the same events at the same time have the effect once, in whatever order', async () => {
  const some = events(50);
  const done = await Promise.all([some, [...some].reverse(), some].map(logActivity));
  expect(done.reduce((sum, n) => sum + n)).toBe(50);
  expect(await lines(some[0]!.data.saleId)).toBe(50);
});

it('another follower remembers for itself', async () => {
  const some = events(2);
  await db.ledger.remember('somebody', some);
  expect(await db.ledger.unhandled('somebody', some)).toEqual([]);
  expect(await db.ledger.unhandled('activity-log', some)).toEqual(some);
});

it('an effect that throws has not happened and is not remembered, and its error comes through', async () => {
  const [event] = events(1) as [OrderEvent];
  const mine = new Error('no more ink');
  const failing = db.ledger.once('activity-log', [event], async (_, sql) => {
    await sql(
      "INSERT INTO activity_log (happened_at, sale_id, customer_id, activity) VALUES (now(), $1, 'c', 'a')",
      [event.data.saleId],
    );
    throw mine;
  });
  await expect(failing).rejects.toBe(mine);
  expect(await lines(event.data.saleId)).toBe(0);
  expect(await logActivity([event])).toBe(1);
});

it('a statement whose values are at fault is told from a database that is away', async () => {
  const run = (text: string) =>
    db.ledger.once('activity-log', events(1), async (_, sql) => {
      await sql(text);
    });
  await expect(run('SELECT 1 / 0')).rejects.toMatchObject({ code: 'batch-unwritable' });
  await expect(run('SELECT pg_terminate_backend(pg_backend_pid())')).rejects.toMatchObject({
    code: 'ledger-unavailable',
  });
});

const withTransactionId = (transactionId: string): OrderEvent =>
  eventOf({
    order: { ...claimedOrder({ saleId: `sale-${randomUUID()}`, sku: 'sku' }), transactionId },
    status: 'failed',
    settledAtMs: Date.now(),
  });

it.each([
  ['a byte that no text can have', 'nul\u0000byte'],
  ['more bytes than its index can take', randomBytes(2_000).toString('hex')],
])(
  'an ID with %s is told from a database that is away, and before anything comes of its event',
  async (_what, id) => {
    const some = [withTransactionId(id), ...events(1)];
    const refused = { code: 'batch-unwritable' };
    await expect(db.ledger.unhandled('somebody', some)).rejects.toMatchObject(refused);
    await expect(db.ledger.remember('somebody', some)).rejects.toMatchObject(refused);
    await expect(db.ledger.once('somebody', some, async () => undefined)).rejects.toMatchObject(refused);
  },
);

it('what passes as unhandled can be remembered, as long as IDs and followers’ names may be', async () => {
  const follower = 'f'.repeat(64);
  const fill = 2_500 - withTransactionId('').id.length;
  const event = withTransactionId(randomBytes(fill).toString('hex').slice(0, fill));
  expect(await db.ledger.unhandled(follower, [event])).toEqual([event]);
  await db.ledger.remember(follower, [event]);
  expect(await db.ledger.unhandled(follower, [event])).toEqual([]);
});

it('what is remembered of a sale goes with it when it is removed for good', async () => {
  const [saleId, other] = await Promise.all(
    [1, 2].map(() => putSale(db.ledger, [{ sku: 'sku', stock: 10 }])),
  );
  const orders = [saleId, saleId, other].map((sale) => claimedOrder({ saleId: sale!, sku: 'sku' }));
  await settle(db.ledger, orders);
  const some = orders.map((order) => eventOf({ order, status: 'confirmed', settledAtMs: Date.now() }));
  await db.ledger.remember('somebody', some);
  await db.ledger.archiveSale(saleId!);
  await db.ledger.removeSale(saleId!);
  expect(await db.ledger.unhandled('somebody', some)).toEqual(some.slice(0, 2));
});
