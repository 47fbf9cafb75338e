import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { get } from '../support/http.ts';
import { createStack, type Stack } from '../support/stack.ts';
import { until } from '../support/wait.ts';
import { createFolders, type Instance } from './support/instance.ts';
import { createShop, lamp, type Shop, saleOf } from './support/shop.ts';

const folders = createFolders();
let stack: Stack;
let instance: Instance;
let shop: Shop;

beforeAll(async () => {
  stack = await createStack();
  instance = await folders.up(folders.create(), { ...stack.settings, PORT: '0', OPS_PORT: '0' });
  shop = createShop(instance);
});
afterAll(async () => {
  await folders.close();
  await stack?.close();
});

describe('sluice sale apply', () => {
  it('returns when the sale is served, from JSON and from YAML', async () => {
    expect(await shop.apply(saleOf('from-json'))).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('created from-json: served by 1 gateway'),
    });
    expect(await shop.buy('from-json')).toMatchObject({ status: 202 });

    const { opensAt, closesAt } = saleOf('');
    const yaml = `saleId: from-yaml
opensAt: ${opensAt}
closesAt: ${closesAt}
items:
  - { sku: lamp, name: Lamp, priceMinor: 1999, stock: 3 }
`;
    expect(await shop.apply(yaml, 'sale.yaml')).toMatchObject({ code: 0 });
    expect(await shop.buy('from-yaml')).toMatchObject({ status: 202 });
  });

  it('updates what may change', async () => {
    await shop.sell('updated');
    const changed = { ...lamp, name: 'Desk lamp', priceMinor: 1_500 };
    const applied = await shop.apply(saleOf('updated', { items: [changed] }));
    expect(applied).toMatchObject({ code: 0, stdout: expect.stringContaining('updated updated') });
    expect((await get(`${shop.gatewayUrl}/sales/updated`)).body.items).toMatchObject([
      { sku: 'lamp', name: 'Desk lamp', priceMinor: 1_500 },
    ]);
  });

  it('refuses what may not change, naming it, and changes nothing', async () => {
    await shop.sell('refused');
    const refused = await shop.apply(saleOf('refused', { items: [{ ...lamp, name: 'Other', stock: 5 }] }));
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/lamp.*stock|stock.*lamp/);
    expect((await get(`${shop.gatewayUrl}/sales/refused`)).body.items).toMatchObject([{ name: 'Lamp' }]);
  });

  it('names every fault of a file', async () => {
    const faulty = await shop.apply({
      saleId: 'no spaces',
      opensAt: 'tomorrow',
      closesAt: saleOf('').closesAt,
      items: [{ ...lamp, stock: -1, colour: 'red' }, { sku: 'chair' }],
    });
    expect(faulty.code).toBe(1);
    for (const fault of ['saleId', 'opensAt', 'items.0.stock', 'colour', 'items.1', 'name', 'priceMinor']) {
      expect(faulty.stderr).toContain(fault);
    }
    expect(await shop.apply('saleId: [', 'broken.yaml')).toMatchObject({ code: 1 });
    expect(await instance.sluice('sale', 'apply', 'missing.json')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('missing.json'),
    });
  });
});

describe('the sales that there are', () => {
  it('are listed with their stock', async () => {
    await shop.sell('listed', { items: [{ ...lamp, stock: 7 }] });
    const { stdout } = await instance.sluice('sale', 'list');
    expect(stdout).toMatch(/^listed {2}.*\n {2}lamp {2}7 of 7 left$/m);
    expect(stdout).toMatch(/^demo /m);
  });

  it('are exported as CSV', async () => {
    await shop.sell('exported');
    const customerId = 'O"Neill,Ann';
    expect(await shop.buy('exported', { transactionId: 'export-1', customerId })).toMatchObject({
      status: 202,
    });
    expect(await shop.buy('exported', { transactionId: 'export-2', quantity: 3 })).toMatchObject({
      status: 202,
    });
    await Promise.all(['export-1', 'export-2'].map((id) => shop.untilConfirmed('exported', id)));
    const { code, stdout } = await instance.sluice('sale', 'export', 'exported');
    expect(code).toBe(0);
    const [header, ...lines] = stdout.trimEnd().split('\n');
    expect(header).toBe(
      'sale_id,transaction_id,sku,customer_id,quantity,status,reason,sequence,accepted_at,settled_at',
    );
    expect(lines).toEqual([
      expect.stringMatching(
        /^exported,export-1,lamp,"O""Neill,Ann",1,confirmed,,1,\d{4}-[^,]+Z,\d{4}-[^,]+Z$/,
      ),
      expect.stringMatching(/^exported,export-2,lamp,customer-1,3,confirmed,,2,/),
    ]);
    const asJson = await instance.sluice('sale', 'export', 'exported', '--json');
    expect(
      asJson.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { sale_id: 'exported', transaction_id: 'export-1', customer_id: customerId, quantity: 1, reason: null },
      { transaction_id: 'export-2', quantity: 3, status: 'confirmed', sequence: 2 },
    ]);
    expect(await instance.sluice('sale', 'export', 'nothing-like-it')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nothing-like-it'),
    });
  });

  it('are archived when they are over, and their orders answered from the ledger', async () => {
    await shop.sell('archived');
    expect(await shop.buy('archived', { transactionId: 'archive-1' })).toMatchObject({ status: 202 });
    await shop.untilConfirmed('archived', 'archive-1');
    const open = await instance.sluice('sale', 'archive', 'archived');
    expect(open).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') });
    expect(await shop.buy('archived')).toMatchObject({ status: 202 });

    const archived = await until(
      async () => {
        const ended = await instance.sluice('sale', 'archive', 'archived', '--force');
        return ended.code === 0 && ended;
      },
      { deadlineMs: 20_000, what: 'the last order to settle and the sale to be archived' },
    );
    expect(archived.stdout).toContain('out of Redis');
    expect(await shop.buy('archived')).toMatchObject({ status: 404 });
    expect(await shop.statusOf('archived', 'archive-1')).toMatchObject({
      status: 200,
      body: { status: 'confirmed', sku: 'lamp' },
    });

    const deleted = await instance.sluice('sale', 'archive', 'archived', '--force', '--from-ledger');
    expect(deleted).toMatchObject({ code: 0, stdout: expect.stringContaining('its 2 orders are deleted') });
    expect(await shop.statusOf('archived', 'archive-1')).toMatchObject({ status: 404 });
    expect((await instance.sluice('sale', 'list')).stdout).not.toContain('archived ');
  });
});
