import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, it } from 'vitest';
import { buttonOf, cardOf, createShoppers, expectTicket, type Shoppers } from '../shop/shopper.ts';
import { launchBrowser } from '../support/browser.ts';
import { projectFolder } from '../support/build.ts';
import { crowd, get } from '../support/http.ts';
import { createRig, newOrder, type Rig, type RunningRole } from '../support/rig.ts';
import { until } from '../support/wait.ts';

let rig: Rig;
let gateway: RunningRole;
let browser: Browser;
let shoppers: Shoppers;

beforeAll(async () => {
  [rig, browser] = await Promise.all([createRig(), launchBrowser()]);
  gateway = await rig.gateway();
  shoppers = createShoppers(browser);
});
afterAll(async () => {
  await shoppers?.close();
  await browser?.close();
  await rig?.close();
});

const items = [
  { sku: 'console', name: 'Game console', priceMinor: 49_900, stock: 2_000, customerLimit: 1 },
  { sku: 'headphones', name: 'Headphones', priceMinor: 12_900, stock: 450 },
];
const wide = { viewport: { width: 1_280, height: 860 } };
const phone = { viewport: { width: 390, height: 780 }, deviceScaleFactor: 2 };

async function sellFrom(opensAtMs: number): Promise<void> {
  await rig.sales.apply({ saleId: 'demo', opensAtMs, closesAtMs: opensAtMs + 7_200_000, items });
  const opensAt = new Date(opensAtMs).toISOString();
  await until(async () => (await get(`${gateway.url}/sales/demo`)).body.opensAt === opensAt, {
    deadlineMs: 10_000,
    what: 'the gateway to serve the sale',
  });
}

const draw = (page: Page, name: string) =>
  page.screenshot({ path: join(projectFolder, 'docs/images', `shop-${name}.png`), animations: 'disabled' });

it('the shop page, before the sale and in it', async () => {
  await sellFrom(Date.now() + 754_000);
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await shoppers.open(gateway.url, { ...wide, colorScheme });
    await cardOf(page, 'Game console').getByText('2,000 left').waitFor();
    await draw(page, colorScheme === 'light' ? 'countdown' : 'countdown-dark');
  }

  await sellFrom(Date.now() - 1_000);
  await rig.claims.announceCap(50);
  const others = Array.from({ length: 400 }, () => newOrder({ sku: 'console' }));
  await crowd(gateway.url, 'demo', others);
  const english = await shoppers.open(gateway.url, { ...phone, colorScheme: 'dark' });
  const vietnamese = await shoppers.open(gateway.url, { ...phone, locale: 'vi-VN' });
  await buttonOf(english.page, 'Game console').filter({ hasText: 'Buy now' }).click();
  await expectTicket(english.page, 'Game console', 'You are in line');
  await cardOf(english.page, 'Game console').scrollIntoViewIfNeeded();
  await draw(english.page, 'line');

  await buttonOf(vietnamese.page, 'Game console').filter({ hasText: 'Mua ngay' }).click();
  await expectTicket(vietnamese.page, 'Game console', 'Bạn đang trong hàng chờ');
  await rig.drainer();
  await expectTicket(vietnamese.page, 'Game console', 'Mua thành công!');
  await cardOf(vietnamese.page, 'Game console').scrollIntoViewIfNeeded();
  await draw(vietnamese.page, 'confirmed');
});
