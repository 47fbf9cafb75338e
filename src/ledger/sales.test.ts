import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { LedgerOrder } from '../order/ports/ledger.ts';
import type { Sale } from '../order/sale.ts';
import { claimedOrder, openTestLedger, putSale, settle, type TestLedger } from './ledger.testing.ts';

let at: TestLedger;

beforeAll(async () => {
  at = await openTestLedger(inject('services'));
  await at.ledger.setCap(1_000_000, 'test');
});
afterAll(() => at.close());

async function pagesOf(saleId: string, pageOrders: number): Promise<LedgerOrder[][]> {
  const pages: LedgerOrder[][] = [];
  for await (const page of at.ledger.orders(saleId, pageOrders)) pages.push(page);
  return pages;
}

const newSale = (): Sale => ({
  saleId: `sale-${randomUUID()}`,
  opensAtMs: 1_800_000_000_123,
  closesAtMs: 1_800_000_600_000,
  items: [
    { sku: 'lamp', name: 'Lamp', priceMinor: 2_500, stock: 10 },
    { sku: 'mug', name: 'Mug “blue”', priceMinor: 900, stock: 0, customerLimit: 2 },
  ],
});

describe('applySale', () => {
  test('creates the sale as the file has it', async () => {
    const sale = newSale();
    const stored = {
      ...sale,
      archived: false,
      items: sale.items.map((item) => ({ ...item, stockLeft: item.stock })),
      highestSequence: 0,
      epoch: 1,
    };
    expect(await at.ledger.applySale(sale)).toEqual({ created: true, sale: stored });
    expect(await at.ledger.sale(sale.saleId)).toEqual(stored);
    expect(await at.ledger.sales()).toContainEqual(stored);
  });

  test('applied again it updates times, names, prices, limits, adds SKUs, and leaves stock alone', async () => {
    const sale = newSale();
    await at.ledger.applySale(sale);
    await settle(at.ledger, [claimedOrder({ saleId: sale.saleId, sku: 'lamp', quantity: 4 })]);
    const changed: Sale = {
      ...sale,
      closesAtMs: sale.closesAtMs + 1,
      items: [
        { sku: 'lamp', name: 'Big lamp', priceMinor: 2_600, stock: 10 },
        { sku: 'mug', name: 'Mug', priceMinor: 800, stock: 0, customerLimit: 3 },
        { sku: 'tray', name: 'Tray', priceMinor: 100, stock: 5, customerLimit: 1 },
      ],
    };
    const { created, sale: stored } = await at.ledger.applySale(changed);
    expect(created).toBe(false);
    expect(stored).toMatchObject({ closesAtMs: changed.closesAtMs, items: changed.items, epoch: 1 });
    expect(stored.items.map((item) => item.stockLeft)).toEqual([6, 0, 5]);
  });

  test('raises the epoch when a SKU that had no limit gets one', async () => {
    const sale = newSale();
    await at.ledger.applySale(sale);
    const limited = { ...sale, items: [{ ...sale.items[0]!, customerLimit: 1 }, sale.items[1]!] };
    expect((await at.ledger.applySale(limited)).sale.epoch).toBe(2);
    expect((await at.ledger.applySale(limited)).sale.epoch).toBe(2);
    const lifted = await at.ledger.applySale(sale);
    expect(lifted.sale.epoch).toBe(2);
    expect(lifted.sale.items[0]).not.toHaveProperty('customerLimit');
    expect((await at.ledger.applySale(limited)).sale.epoch).toBe(3);
  });

  test('refuses what its rules forbid, names every change, and makes none', async () => {
    const sale = newSale();
    const { sale: stored } = await at.ledger.applySale(sale);
    const wrong = {
      ...sale,
      opensAtMs: sale.closesAtMs + 1,
      items: [{ ...sale.items[0]!, name: 'X', stock: 11 }],
    };
    await expect(at.ledger.applySale(wrong)).rejects.toMatchObject({
      code: 'sale-change-refused',
      message:
        "the stock of SKU lamp is 10, not 11: stock changes only by restocking; SKU mug is missing: an item that is on sale can't be taken out; the sale closes before it opens",
    });
    expect(await at.ledger.sale(sale.saleId)).toEqual(stored);
  });

  test.each([
    ['a negative price', { priceMinor: -1 }],
    ['a stock no integer holds', { stock: 3e9 }],
    ['a limit of 0', { customerLimit: 0 }],
  ])('refuses %s', async (_name, fault) => {
    const sale = newSale();
    const wrong = { ...sale, items: [{ ...sale.items[0]!, ...fault }] };
    await expect(at.ledger.applySale(wrong)).rejects.toMatchObject({ code: 'sale-change-refused' });
    expect(await at.ledger.sale(sale.saleId)).toBeUndefined();
  });

  test('the first file of a sale, applied by several at once, creates it once', async () => {
    const sale = newSale();
    const results = await Promise.all(Array.from({ length: 4 }, () => at.ledger.applySale(sale)));
    expect(results.filter((result) => result.created)).toHaveLength(1);
  });
});

describe('restock', () => {
  test('adds to both stocks once per restock ID', async () => {
    const { sale } = await at.ledger.applySale(newSale());
    const done = await Promise.all(
      Array.from({ length: 4 }, () => at.ledger.restock(sale.saleId, 'delivery-1', 'lamp', 5)),
    );
    expect(done.filter(Boolean)).toHaveLength(1);
    expect(await at.ledger.restock(sale.saleId, 'delivery-2', 'lamp', 1)).toBe(true);
    expect((await at.ledger.sale(sale.saleId))!.items[0]).toMatchObject({ stock: 16, stockLeft: 16 });
  });

  test('leaves both the file as it was and the one exported since applicable', async () => {
    const sale = newSale();
    await at.ledger.applySale(sale);
    await at.ledger.restock(sale.saleId, 'delivery-1', 'lamp', 5);
    expect((await at.ledger.applySale(sale)).sale.items[0]!.stockLeft).toBe(15);
    const exported = (await at.ledger.sale(sale.saleId))!;
    expect((await at.ledger.applySale(exported)).sale).toEqual(exported);
  });

  test('refuses an ID that stands for another delivery, a SKU or sale that is not there, no pieces', async () => {
    const { saleId } = (await at.ledger.applySale(newSale())).sale;
    await at.ledger.restock(saleId, 'delivery-1', 'lamp', 5);
    await expect(at.ledger.restock(saleId, 'delivery-1', 'lamp', 6)).rejects.toMatchObject({
      code: 'sale-change-refused',
    });
    await expect(at.ledger.restock(saleId, 'delivery-2', 'nope', 5)).rejects.toMatchObject({
      code: 'sale-change-refused',
    });
    await expect(at.ledger.restock('nope', 'delivery-2', 'lamp', 5)).rejects.toMatchObject({
      code: 'unknown-sale',
    });
    await expect(at.ledger.restock(saleId, 'delivery-3', 'lamp', 0)).rejects.toThrow(RangeError);
    expect((await at.ledger.sale(saleId))!.items[0]!.stockLeft).toBe(15);
  });
});

test('each rebuild raises the epoch by one', async () => {
  const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 1 }]);
  expect([await at.ledger.raiseEpoch(saleId), await at.ledger.raiseEpoch(saleId)]).toEqual([2, 3]);
  expect((await at.ledger.sale(saleId))!.epoch).toBe(3);
  await expect(at.ledger.raiseEpoch('nope')).rejects.toMatchObject({
    code: 'unknown-sale',
    disposition: 'reject',
  });
});

describe('orders', () => {
  test('come in pages by transaction ID, each once', async () => {
    const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 100 }]);
    const orders = Array.from({ length: 25 }, () => claimedOrder({ saleId, sku: 'a' }));
    await settle(at.ledger, orders);
    for (const pageOrders of [10, 25, 100]) {
      const pages = await pagesOf(saleId, pageOrders);
      expect(pages.every((page) => page.length > 0 && page.length <= pageOrders)).toBe(true);
      const ids = pages.flat().map((one) => one.order.transactionId);
      expect(ids).toEqual(orders.map((order) => order.transactionId).toSorted());
    }
  });

  test('that are not settled are not found', async () => {
    const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 100 }]);
    const order = claimedOrder({ saleId, sku: 'a' });
    await settle(at.ledger, [order]);
    const found = await at.ledger.find(saleId, [order.transactionId, 'unknown-id']);
    expect(found.map((one) => one.order)).toEqual([order]);
    expect(await at.ledger.find(saleId, [])).toEqual([]);
    expect(await at.ledger.find('nope', [order.transactionId])).toEqual([]);
  });
});

test('an archived sale says so, until it is applied again', async () => {
  const sale = newSale();
  await at.ledger.applySale(sale);
  await at.ledger.archiveSale(sale.saleId);
  await at.ledger.archiveSale(sale.saleId);
  const archived = (await at.ledger.sale(sale.saleId))!;
  expect(archived.archived).toBe(true);
  expect(await at.ledger.sales()).toContainEqual(archived);
  expect((await at.ledger.liveSales()).map((live) => live.saleId)).not.toContain(sale.saleId);
  const { sale: applied } = await at.ledger.applySale(sale);
  expect(applied.archived).toBe(false);
  expect(await at.ledger.liveSales()).toContainEqual(applied);
  await expect(at.ledger.archiveSale('nope')).rejects.toMatchObject({ code: 'unknown-sale' });
});

test('removing a sale takes its orders, items and restocks, leaves others, and can be repeated', async () => {
  const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 10 }]);
  const other = await putSale(at.ledger, [{ sku: 'a', stock: 10 }]);
  await at.ledger.restock(saleId, 'delivery-1', 'a', 1);
  await settle(
    at.ledger,
    [1, 2, 3].map(() => claimedOrder({ saleId, sku: 'a' })),
  );
  await settle(at.ledger, [claimedOrder({ saleId: other, sku: 'a' })]);
  expect(await at.ledger.removeSale(saleId)).toEqual({ orders: 3 });
  expect(await at.ledger.sale(saleId)).toBeUndefined();
  expect(await pagesOf(saleId, 10)).toEqual([]);
  expect(await pagesOf(other, 10)).toHaveLength(1);
  expect(await at.ledger.removeSale(saleId)).toEqual({ orders: 0 });
});
