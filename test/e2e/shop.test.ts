import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readOrder } from '../api/client.ts';
import { buttonOf, cardOf, createShoppers, expectTicket, type Shoppers } from '../shop/shopper.ts';
import { launchBrowser } from '../support/browser.ts';
import { type Cluster, createCluster } from './support/cluster.ts';

let cluster: Cluster;
let browser: Browser;
let shoppers: Shoppers;

beforeAll(async () => {
  [cluster, browser] = await Promise.all([createCluster(), launchBrowser()]);
  shoppers = createShoppers(browser);
});
afterAll(async () => {
  await shoppers?.close();
  await browser?.close();
  await cluster?.close();
});

it('a gateway killed while shoppers wait and buy costs nobody an order or a place', {
  timeout: 240_000,
}, async () => {
  await cluster.start('ops');
  const gateway = await cluster.start('gateway');
  await cluster.sell('lamps', [{ sku: 'lamp', stock: 10 }]);
  const url = `${cluster.gatewayUrl}/?sale=lamps`;
  const [waiting, buying] = await Promise.all([shoppers.open(url), shoppers.open(url)]);
  await buttonOf(waiting.page, 'lamp').filter({ hasText: 'Buy now' }).click();
  await expectTicket(waiting.page, 'lamp', 'You are in line');
  const ticket = cardOf(waiting.page, 'lamp').locator('.ticket');
  const transactionId = (await ticket.locator('.id').textContent())!;
  await buttonOf(buying.page, 'lamp').filter({ hasText: 'Buy now' }).waitFor();

  process.kill(gateway.pid, 'SIGKILL');
  await gateway.exited;
  await ticket.getByText('Connection lost').waitFor();
  expect(await ticket.locator('.place').textContent(), 'the last known place').toBe('1');
  await buttonOf(buying.page, 'lamp').click();
  await expectTicket(buying.page, 'lamp', 'The shop can’t be reached at the moment');

  await cluster.start('gateway');
  await expectTicket(buying.page, 'lamp', 'You are in line');
  await ticket.getByText('Connection lost').waitFor({ state: 'detached' });
  expect(await ticket.locator('.lost').textContent()).toBe('');
  await cluster.start('drainer');
  await Promise.all([waiting, buying].map(({ page }) => expectTicket(page, 'lamp', 'It’s yours!')));
  expect(await ticket.locator('.id').textContent()).toBe(transactionId);
  expect(await readOrder({ saleId: 'lamps', transactionId }, { baseUrl: cluster.gatewayUrl })).toMatchObject({
    status: 200,
    data: { status: 'confirmed' },
  });
  expect([waiting, buying].flatMap(({ complaints }) => complaints)).toEqual([]);
});
