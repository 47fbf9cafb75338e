import { Writable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { get } from '../../test/support/http.ts';
import { createRig, type Rig, type RunningRole } from '../../test/support/rig.ts';
import { orderError } from '../order/errors.ts';
import type { Sale } from '../order/sale.ts';
import { systemClock } from '../platform/clock.ts';
import { exportOrders } from './export-orders.ts';
import { createSaleOperations } from './sales.ts';

let rig: Rig;
let gateway: RunningRole;
let sales = 0;

beforeAll(async () => {
  rig = await createRig();
  gateway = await rig.gateway();
});
afterAll(() => rig.close());

const aSale = (change: Partial<Sale> = {}): Sale => ({
  saleId: `spring-${++sales}`,
  opensAtMs: Date.now() - 1_000,
  closesAtMs: Date.now() + 600_000,
  items: [{ sku: 'sku', name: 'A thing', priceMinor: 100, stock: 10 }],
  ...change,
});
const shown = async (saleId: string) => {
  const { serverTime, ...sale } = (await get(`${gateway.url}/sales/${saleId}`)).body;
  return sale;
};

it('a sale that was applied is served by every gateway when the call returns', async () => {
  const sale = aSale();
  expect(await rig.sales.apply(sale)).toMatchObject({ created: true, rebuilding: false, gateways: 1 });
  expect(await shown(sale.saleId)).toMatchObject({ state: 'open', items: [{ sku: 'sku', stockLeft: 10 }] });
});

it('applying it again updates times, names, prices and SKUs, and leaves stock alone', async () => {
  const sale = aSale();
  await rig.sales.apply(sale);
  await rig.claimed(sale.saleId, 'sku', 3);
  const items = [
    { sku: 'sku', name: 'A better thing', priceMinor: 90, stock: 10 },
    { sku: 'sku-new', name: 'Another', priceMinor: 5, stock: 4 },
  ];
  const applied = await rig.sales.apply({ ...sale, closesAtMs: sale.closesAtMs + 1_000, items });
  expect(applied).toMatchObject({ created: false, rebuilding: false });
  expect(await shown(sale.saleId)).toMatchObject({
    closesAt: new Date(sale.closesAtMs + 1_000).toISOString(),
    items: [
      { sku: 'sku', name: 'A better thing', priceMinor: 90 },
      { sku: 'sku-new', stockLeft: 4 },
    ],
  });
  const counters = await rig.claims.counters(sale.saleId);
  expect(counters!.items.find((item) => item.sku === 'sku')).toMatchObject({ left: 7, claimed: 3 });
});

it('what may not change is refused, each named, and nothing is changed', async () => {
  const sale = aSale({
    items: [
      { sku: 'a', name: 'A', priceMinor: 1, stock: 10 },
      { sku: 'b', name: 'B', priceMinor: 1, stock: 10 },
    ],
  });
  await rig.sales.apply(sale);
  const before = await shown(sale.saleId);
  const refusal = rig.sales.apply({ ...sale, items: [{ sku: 'a', name: 'Z', priceMinor: 2, stock: 11 }] });
  await expect(refusal).rejects.toMatchObject({
    code: 'sale-change-refused',
    message: expect.stringMatching(/stock of SKU a.*SKU b is missing/),
  });
  expect(await shown(sale.saleId)).toEqual(before);
});

it('a restock adds to ledger and claims once, however often it is sent', async () => {
  const sale = aSale();
  await rig.sales.apply(sale);
  expect(await rig.sales.restock(sale.saleId, 'second-truck', 'sku', 5)).toBe(true);
  expect(await rig.sales.restock(sale.saleId, 'second-truck', 'sku', 5)).toBe(false);
  expect((await rig.ledger.sale(sale.saleId))!.items[0]).toMatchObject({ stock: 15, stockLeft: 15 });
  expect((await rig.claims.counters(sale.saleId))!.items[0]!.left).toBe(15);
  await expect(rig.sales.restock(sale.saleId, 'third', 'no-such-sku', 5)).rejects.toMatchObject({
    code: 'sale-change-refused',
  });
  await expect(rig.sales.restock('no-such-sale', 'x', 'sku', 5)).rejects.toMatchObject({
    code: 'unknown-sale',
  });
});

it('a restock that stopped between ledger and claims is completed by sending it again', async () => {
  const sale = aSale();
  await rig.sales.apply(sale);
  await rig.ledger.restock(sale.saleId, 'half-way', 'sku', 5);
  expect(await rig.sales.restock(sale.saleId, 'half-way', 'sku', 5)).toBe(true);
  expect((await rig.claims.counters(sale.saleId))!.items[0]!.left).toBe(15);
});

it('a restock that is sent again after Redis was wiped adds nothing', async () => {
  const sale = aSale();
  await rig.sales.apply(sale);
  await rig.sales.restock(sale.saleId, 'first-truck', 'sku', 5);
  const items = async () => (await rig.claims.counters(sale.saleId))!.items;
  await rig.claims.removeSale(sale.saleId);
  await rig.claims.putSale((await rig.ledger.sale(sale.saleId))!, 1);
  expect(await items()).toMatchObject([{ left: 15, initial: 15 }]);
  expect(await rig.sales.restock(sale.saleId, 'first-truck', 'sku', 5)).toBe(false);
  expect(await items()).toMatchObject([{ left: 15, initial: 15 }]);
});

it('a limit for a SKU that had none closes the sale until its claims are rebuilt', async () => {
  const sale = aSale();
  await rig.sales.apply(sale);
  const items = [{ ...sale.items[0]!, customerLimit: 2 }];
  expect(await rig.sales.apply({ ...sale, items })).toMatchObject({ rebuilding: true });
  expect(await shown(sale.saleId)).toMatchObject({ state: 'rebuilding' });
});

it('a limit that did not reach Redis at first closes the sale when it is applied again, once', async () => {
  const sale = aSale();
  await rig.sales.apply(sale);
  const limited = { ...sale, items: [{ ...sale.items[0]!, customerLimit: 2 }] };
  const beginRebuild = async () => {
    throw orderError('claims-timeout', 'Redis does not answer');
  };
  const struck = createSaleOperations({
    ledger: rig.ledger,
    claims: { ...rig.claims, beginRebuild },
    clock: systemClock,
  });
  await expect(struck.apply(limited)).rejects.toMatchObject({ code: 'claims-timeout' });
  expect(await rig.sales.apply(limited)).toMatchObject({ rebuilding: true });
  expect(await shown(sale.saleId)).toMatchObject({ state: 'rebuilding' });
  const { epoch } = (await rig.ledger.sale(sale.saleId))!;
  await rig.claims.clearSale(sale.saleId);
  await rig.claims.finishRebuild(sale.saleId, { epoch, sequence: 0, items: [] });
  expect(await rig.sales.apply(limited)).toMatchObject({ rebuilding: false });
});

it('a sale is archived only when nothing waits and it is over, and then gone from Redis', async () => {
  const sale = aSale();
  await rig.sales.apply(sale);
  const [order] = await rig.claimed(sale.saleId, 'sku', 1);
  const keep = { fromLedger: false, force: true };
  await expect(rig.sales.archive(sale.saleId, keep)).rejects.toThrow('1 orders');
  const written = await rig.ledger.settleBatch([order!]);
  if (written.outcome === 'written') await rig.claims.settle(sale.saleId, written.settlements);
  const unforced = rig.sales.archive(sale.saleId, { fromLedger: false, force: false });
  await expect(unforced).rejects.toMatchObject({ code: 'sale-change-refused' });
  await rig.sales.archive(sale.saleId, keep);
  expect((await get(`${gateway.url}/sales/${sale.saleId}`)).status).toBe(404);
  expect(await rig.ledger.sale(sale.saleId)).toMatchObject({ archived: true });
  expect(await rig.sales.archive(sale.saleId, { fromLedger: true, force: true })).toEqual({ orders: 1 });
  expect(await rig.ledger.sale(sale.saleId)).toBeUndefined();
  await expect(rig.sales.archive(sale.saleId, keep)).rejects.toMatchObject({ code: 'unknown-sale' });
});

it('the export holds every settled order as CSV that no spreadsheet runs', async () => {
  const sale = aSale();
  await rig.sales.apply(sale);
  const epoch = (await rig.ledger.sale(sale.saleId))!.epoch;
  const buyers = ['plain', 'with,comma', 'with"quote', '=1+1'];
  const outcomes = await rig.claims.claim(
    sale.saleId,
    epoch,
    buyers.map((customerId, i) => ({ transactionId: `order-000${i}`, sku: 'sku', quantity: 1, customerId })),
  );
  await rig.ledger.settleBatch(
    outcomes.map((one) => {
      if (one.outcome !== 'claimed') throw new Error(one.outcome);
      return one.order;
    }),
  );
  let text = '';
  const output = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  expect(await exportOrders(rig.ledger, sale.saleId, output)).toBe(4);
  const lines = text.trimEnd().split('\n');
  expect(lines).toHaveLength(5);
  expect(lines[0]).toBe(
    'sale_id,transaction_id,sku,customer_id,quantity,status,reason,sequence,accepted_at,settled_at',
  );
  expect(lines[1]).toMatch(/^spring-\d+,order-0000,sku,plain,1,confirmed,,1,\d{4}-.*Z,\d{4}-.*Z$/);
  expect(lines[2]).toContain(',"with,comma",');
  expect(lines[3]).toContain(',"with""quote",');
  expect(lines[4]).toContain(`,'=1+1,`);
  await expect(exportOrders(rig.ledger, 'no-such-sale', output)).rejects.toMatchObject({
    code: 'unknown-sale',
  });
});
