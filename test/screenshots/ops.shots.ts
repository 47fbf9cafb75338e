import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { Pool } from 'undici';
import { afterAll, beforeAll, it } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { projectFolder } from '../support/build.ts';
import { createRig, newOrder, type Rig, type RunningRole, rigAdminToken } from '../support/rig.ts';

const loadSeconds = 55;
const ordersPerSecond = 420;
const capOrdersPerSecond = 240;

let rig: Rig;
let browser: Browser;
let gateway: RunningRole;
let ops: RunningRole;

beforeAll(async () => {
  [rig, browser] = await Promise.all([createRig(), launchBrowser()]);
  [gateway, ops] = await Promise.all([
    rig.gateway(),
    rig.ops(),
    rig.drainer(),
    rig.drainer(),
    rig.follower('loyalty'),
    rig.follower('ranking'),
  ]);
  await rig.sales.apply({
    saleId: 'autumn-drop',
    opensAtMs: Date.now() - 60_000,
    closesAtMs: Date.now() + 3_540_000,
    items: [
      {
        sku: 'runner-42',
        name: 'Runner “Dune”, size 42',
        priceMinor: 18_900,
        stock: 6_000,
        customerLimit: 2,
      },
      {
        sku: 'runner-43',
        name: 'Runner “Dune”, size 43',
        priceMinor: 18_900,
        stock: 9_000,
        customerLimit: 2,
      },
      {
        sku: 'runner-44',
        name: 'Runner “Dune”, size 44',
        priceMinor: 18_900,
        stock: 3_000,
        customerLimit: 2,
      },
      { sku: 'tee-black', name: 'T-shirt, black', priceMinor: 3_900, stock: 20_000 },
    ],
  });
  await rig.ledger.setCap(capOrdersPerSecond, 'configured');
});
afterAll(async () => {
  await browser?.close();
  await rig?.close();
});

/** Sends orders at an even rate, whatever the answers. */
async function load(untilMs: number): Promise<void> {
  const pool = new Pool(gateway.url, { connections: 20, pipelining: 10 });
  const startMs = Date.now();
  const skus = ['runner-42', 'runner-42', 'runner-43', 'runner-44', 'tee-black'];
  let sent = 0;
  const send = async () => {
    const customerId = `customer-${randomInt(20_000)}`;
    const answer = await pool.request({
      method: 'POST',
      path: '/sales/autumn-drop/orders',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...newOrder({ sku: skus[randomInt(skus.length)]! }), customerId }),
    });
    await answer.body.dump();
  };
  while (Date.now() < untilMs) {
    for (; sent < ((Date.now() - startMs) / 1_000) * ordersPerSecond; sent++) send().catch(() => undefined);
    await sleep(20);
  }
  await pool.destroy();
}

async function open(options: object): Promise<Page> {
  const page = await browser.newPage({ ...options, timezoneId: 'Europe/Berlin' });
  await page.goto(`${ops.url}/ops`);
  await page.getByLabel('Your name').fill('Linh');
  await page.getByLabel('Admin token').fill(rigAdminToken);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.locator('.pill', { hasText: 'Live' }).waitFor();
  await page.getByRole('button', { name: '1 min' }).click();
  return page;
}

const draw = (page: Page, name: string) =>
  page.screenshot({ path: join(projectFolder, 'docs/images', `ops-${name}.png`), animations: 'disabled' });

it('the ops page during a sale', async () => {
  const endsAtMs = Date.now() + loadSeconds * 1_000;
  const loading = load(endsAtMs);
  const wide = { viewport: { width: 1_280, height: 1_180 } };
  const light = await open({ ...wide, colorScheme: 'light' });
  const dark = await open({ ...wide, colorScheme: 'dark' });
  const phone = await open({
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    colorScheme: 'dark',
  });

  await sleep(endsAtMs - Date.now() - 22_000);
  await light.getByRole('button', { name: 'Set the cap…' }).click();
  await light.getByLabel('Orders per second').fill('300');
  await draw(light, 'cap');
  await light.getByRole('dialog').getByRole('button', { name: 'Set the cap' }).click();
  // Fills the minute that the curves show.
  await sleep(endsAtMs - Date.now() - 4_000);
  await draw(light, 'sale');
  await draw(dark, 'sale-dark');
  await draw(phone, 'phone');
  await loading;

  await ops.stop();
  await light.getByText('Contact is lost').waitFor();
  await light.locator('.tile.old').first().waitFor();
  await draw(light, 'lost');
});
