import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { claimedOrder, openTestLedger, putSale, settle, type TestLedger, words } from './ledger.testing.ts';

let at: TestLedger;

beforeAll(async () => {
  at = await openTestLedger(inject('services'));
  await at.ledger.setCap(1_000_000, 'test');
});
afterAll(() => at.close());

async function stock(saleId: string, sku = 'a') {
  const sale = await at.ledger.sale(saleId);
  return sale?.items.find((item) => item.sku === sku)?.stockLeft;
}

async function rows(saleId: string): Promise<number> {
  const { rows } = await at.client.query('SELECT count(*)::integer AS n FROM orders WHERE sale_id = $1', [
    saleId,
  ]);
  return rows[0].n;
}

describe('outcomes', () => {
  test('orders are confirmed in order of the batch while stock lasts', async () => {
    const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 5 }]);
    const batch = [3, 3, 2, 1].map((quantity) => claimedOrder({ saleId, sku: 'a', quantity }));
    expect(words(await settle(at.ledger, batch))).toEqual(['confirmed', 'sold-out', 'confirmed', 'sold-out']);
    expect(await stock(saleId)).toBe(0);
  });

  test('an order of an unknown sale or SKU fails, and its neighbours are sold', async () => {
    const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 5 }]);
    const batch = [
      claimedOrder({ saleId, sku: 'nope' }),
      claimedOrder({ saleId, sku: 'a' }),
      claimedOrder({ saleId: 'no-such-sale', sku: 'a' }),
    ];
    expect(words(await settle(at.ledger, batch))).toEqual(['unknown-sku', 'confirmed', 'unknown-sku']);
    const [failed] = await at.ledger.find('no-such-sale', [batch[2]!.transactionId]);
    expect(failed).toMatchObject({ order: batch[2], status: 'failed', reason: 'unknown-sku' });
  });

  test('the customer limit counts pieces per SKU, within a batch and across batches', async () => {
    const saleId = await putSale(at.ledger, [
      { sku: 'a', stock: 100, customerLimit: 3 },
      { sku: 'b', stock: 100 },
    ]);
    const order = (customerId: string, quantity: number, sku = 'a') =>
      claimedOrder({ saleId, sku, customerId, quantity });
    const first = [order('ann', 2), order('bob', 3), order('ann', 2), order('ann', 1), order('ann', 50, 'b')];
    expect(words(await settle(at.ledger, first))).toEqual([
      'confirmed',
      'confirmed',
      'customer-limit',
      'confirmed',
      'confirmed',
    ]);
    const second = [
      order('ann', 1),
      order('bob', 1),
      order('cid', 4),
      order('cid', 3),
      order('ann', 40, 'b'),
    ];
    expect(words(await settle(at.ledger, second))).toEqual([
      'customer-limit',
      'customer-limit',
      'customer-limit',
      'confirmed',
      'confirmed',
    ]);
    expect([await stock(saleId, 'a'), await stock(saleId, 'b')]).toEqual([91, 10]);
  });

  test('a sale that has closed still settles: the time was the claim’s decision', async () => {
    const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 5 }]);
    const sale = (await at.ledger.sale(saleId))!;
    await at.ledger.applySale({ ...sale, opensAtMs: 1_000, closesAtMs: 2_000 });
    expect(words(await settle(at.ledger, [claimedOrder({ saleId, sku: 'a' })]))).toEqual(['confirmed']);
  });

  test('an empty batch is written', async () => {
    expect(await at.ledger.settleBatch([])).toMatchObject({ outcome: 'written', settlements: [] });
  });

  test('the row says what was ordered, when it was claimed, and when it settled', async () => {
    const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 5 }]);
    const order = claimedOrder({
      saleId,
      sku: 'a',
      customerId: `q'u"o\\t,e{}NULL`,
      quantity: 2,
      sequence: 2 ** 40,
      claimedAtMs: 1_700_000_000_123,
    });
    const [settlement] = await settle(at.ledger, [order]);
    expect(await at.ledger.find(saleId, [order.transactionId])).toEqual([
      { order, status: 'confirmed', settledAtMs: settlement!.settledAtMs },
    ]);
    const { rows } = await at.client.query('SELECT fingerprint FROM orders WHERE sale_id = $1', [saleId]);
    expect(rows).toEqual([{ fingerprint: `a 2 ${order.customerId}` }]);
    expect((await at.ledger.sale(saleId))!.highestSequence).toBe(2 ** 40);
  });
});

describe('once per transaction ID', () => {
  test('a redelivered batch sells once and gets the settlements that stand', async () => {
    const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 2 }]);
    const batch = [1, 2, 3].map(() => claimedOrder({ saleId, sku: 'a' }));
    const first = await settle(at.ledger, batch);
    const fresh = claimedOrder({ saleId, sku: 'a' });
    const again = await settle(at.ledger, [batch[2]!, fresh, batch[0]!, batch[1]!]);
    expect([again[2], again[3], again[0]]).toEqual(first.map((one) => ({ ...one, repeated: true })));
    expect(again[1]).not.toHaveProperty('repeated');
    expect(words(again)).toEqual(['sold-out', 'sold-out', 'confirmed', 'confirmed']);
    expect([await stock(saleId), await rows(saleId)]).toEqual([0, 4]);
  });

  test('twins within a batch are one order', async () => {
    const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 10 }]);
    const order = claimedOrder({ saleId, sku: 'a' });
    const other = claimedOrder({ saleId, sku: 'a' });
    const settlements = await settle(at.ledger, [order, other, order, order]);
    expect(words(settlements)).toEqual(Array(4).fill('confirmed'));
    expect(settlements[0]).not.toHaveProperty('repeated');
    expect(settlements.slice(2)).toEqual(Array(2).fill({ ...settlements[0], repeated: true }));
    expect([await stock(saleId), await rows(saleId)]).toEqual([8, 2]);
  });

  test('another order under a settled transaction ID changes nothing and gets what stands', async () => {
    const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 10 }]);
    const order = claimedOrder({ saleId, sku: 'a', quantity: 2 });
    const first = await settle(at.ledger, [order]);
    expect(await settle(at.ledger, [{ ...order, quantity: 5, customerId: 'someone-else' }])).toEqual([
      { ...first[0], repeated: true },
    ]);
    expect([await stock(saleId), await rows(saleId)]).toEqual([8, 1]);
  });

  test('the same transaction ID in two sales is two orders', async () => {
    const one = await putSale(at.ledger, [{ sku: 'a', stock: 10 }]);
    const two = await putSale(at.ledger, [{ sku: 'a', stock: 10 }]);
    const order = claimedOrder({ saleId: one, sku: 'a' });
    expect(words(await settle(at.ledger, [order, { ...order, saleId: two }]))).toEqual([
      'confirmed',
      'confirmed',
    ]);
    expect([await stock(one), await stock(two)]).toEqual([9, 9]);
  });
});

describe('what can’t be written', () => {
  const faults = {
    'a quantity of 0': { quantity: 0 },
    'a negative quantity': { quantity: -3 },
    'a quantity over the limit': { quantity: 1_001 },
    'a quantity no integer holds': { quantity: 3e9 },
    'a time no calendar holds': { claimedAtMs: 9e18 },
    'a zero byte': { customerId: 'a\0b' },
    'a customer too long for the index': { customerId: randomText(20_000) },
  };
  test.each(Object.entries(faults))('%s is batch-unwritable and leaves no trace', async (_name, fault) => {
    const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 10_000 }]);
    const batch = [claimedOrder({ saleId, sku: 'a' }), claimedOrder({ saleId, sku: 'a', ...fault })];
    await expect(at.ledger.settleBatch(batch)).rejects.toMatchObject({
      code: 'batch-unwritable',
      disposition: 'dead-letter',
    });
    expect([await stock(saleId), await rows(saleId)]).toEqual([10_000, 0]);
    expect(words(await settle(at.ledger, [batch[0]!]))).toEqual(['confirmed']);
  });

  test('such an order can be recorded as failed, once, without touching stock', async () => {
    const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 10 }]);
    const order = claimedOrder({ saleId, sku: 'a', quantity: 3e9, claimedAtMs: 9e18 });
    const failed = await at.ledger.recordFailed(order, 'dead-lettered');
    expect(failed).toMatchObject({ status: 'failed', reason: 'dead-lettered' });
    expect(await at.ledger.recordFailed(order, 'purged')).toEqual({ ...failed, repeated: true });
    expect([await stock(saleId), await rows(saleId)]).toEqual([10, 1]);
  });

  test('a failed order can’t have a reason of rejected ones', async () => {
    const order = claimedOrder({ saleId: 'any', sku: 'a' });
    await expect(at.ledger.recordFailed(order, 'sold-out')).rejects.toMatchObject({
      code: 'batch-unwritable',
    });
  });

  test('recording a settled order as failed leaves it as it is', async () => {
    const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 10 }]);
    const order = claimedOrder({ saleId, sku: 'a' });
    const [confirmed] = await settle(at.ledger, [order]);
    expect(await at.ledger.recordFailed(order, 'purged')).toEqual({ ...confirmed, repeated: true });
  });
});

/** Text that does not compress. */
function randomText(length: number): string {
  let state = 12_345;
  return Array.from({ length }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return String.fromCharCode(33 + (state % 94));
  }).join('');
}
