import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRig, type Rig } from '../../../test/support/rig.ts';
import { until } from '../../../test/support/wait.ts';
import { announce, settledOrders } from '../follower.testing.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig?.close());

it('every settled order has one line in the activity log, although its event comes twice', async () => {
  await rig.follower('activity-log');
  const orders = [...settledOrders(2), ...settledOrders(1, { status: 'rejected', reason: 'sold-out' })];
  await announce(rig, orders, 1);
  await announce(rig, orders);
  await announce(rig, settledOrders(1, { order: { ...orders[0]!.order, transactionId: 'the-last-one' } }));
  const lines = await until(
    async () => {
      const { rows } = await rig.db.query('SELECT customer_id, activity FROM activity_log ORDER BY entry');
      return rows.some(({ activity }) => activity.includes('the-last-one')) && rows;
    },
    { deadlineMs: 20_000, what: 'the last line' },
  );
  expect(lines).toHaveLength(4);
  const [{ order }] = orders as [(typeof orders)[0]];
  expect(lines).toContainEqual({
    customer_id: order.customerId,
    activity: `confirmed ${order.transactionId}: 1 of sku`,
  });
});
