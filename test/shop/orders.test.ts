import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { post } from '../support/http.ts';
import { createRig, newOrder, type Rig, type RunningRole } from '../support/rig.ts';
import { until } from '../support/wait.ts';
import { buttonOf, cardOf, createShoppers, expectTicket, patienceMs, type Shoppers } from './shopper.ts';

/** Many steps, each of which waits for something: on a busy machine they add up. */
vi.setConfig({ testTimeout: 90_000 });

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

const goods = [{ sku: 'lamp', name: 'Lamp', stock: 50 }];
const shopOf = (saleId: string) => `${gateway.url}/?sale=${saleId}`;
const ticketIn = (page: Page, item = 'Lamp') => cardOf(page, item).locator('.ticket');
const numberIn = (page: Page) => ticketIn(page).locator('.id').textContent();
const claimsOf = async (saleId: string) => (await rig.claims.counters(saleId))!.sequence;

/** The page looks at the sale every few seconds, and at once when its network is back. */
const lookAgain = (page: Page) => page.evaluate("window.dispatchEvent(new Event('online'))");

/** The orders that the page sends, as they leave it. */
function ordersFrom(page: Page) {
  const sent: { transactionId: string }[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/orders')) sent.push(request.postDataJSON());
  });
  return sent;
}

describe('from the click to the end of the line', () => {
  it('a sale is counted down by the server’s time, opens by itself, and the order is confirmed unasked', async () => {
    const saleId = await rig.sale(goods, { opensInMs: 3_590_000, closesInMs: 7_200_000 });
    const { page, complaints } = await shoppers.open('about:blank');
    await page.addInitScript(
      'const own = Date.now; Date.now = () => own() + 5 * 3_600_000; // a clock five hours fast',
    );
    await page.goto(shopOf(saleId));
    await page.getByRole('heading', { name: 'The doors open soon' }).waitFor();
    await cardOf(page, 'Lamp').getByText('50 left').waitFor();
    const clock = page.getByRole('timer');
    expect((await clock.textContent())?.replace(/\s+/g, ' ')).toMatch(
      /^Opens in.*00hours59minutes\d\dseconds$/,
    );
    expect(await buttonOf(page, 'Lamp').isDisabled()).toBe(true);

    const { items } = (await rig.ledger.sale(saleId))!;
    await rig.sales.apply({
      saleId,
      opensAtMs: Date.now() + 1_500,
      closesAtMs: Date.now() + 7_200_000,
      items,
    });
    await until(
      async () => {
        await lookAgain(page);
        return buttonOf(page, 'Lamp').isEnabled();
      },
      { deadlineMs: patienceMs, what: 'the doors to open' },
    );
    await page.getByRole('heading', { name: 'The sale is on' }).waitFor();
    await buttonOf(page, 'Lamp').click();
    await expectTicket(page, 'Lamp', 'You are in line');
    expect(await ticketIn(page).locator('.place').textContent()).toBe('1');

    const drainer = await rig.drainer();
    await expectTicket(page, 'Lamp', 'It’s yours!');
    await drainer.stop();
    expect(await rig.counts(saleId)).toMatchObject({ confirmed: 1, pieces: 1 });
    expect(complaints).toEqual([]);
  });

  it('a double click, and a second window, are the same order', async () => {
    const saleId = await rig.sale(goods);
    const { page, context } = await shoppers.open(shopOf(saleId));
    const sent = ordersFrom(page);
    await buttonOf(page, 'Lamp').filter({ hasText: 'Buy now' }).dblclick();
    await expectTicket(page, 'Lamp', 'You are in line');
    const second = await context.newPage();
    await second.goto(shopOf(saleId));
    await expectTicket(second, 'Lamp', 'You are in line');
    expect(await numberIn(second)).toBe(await numberIn(page));
    expect(sent).toHaveLength(1);
    expect(await claimsOf(saleId)).toBe(1);
  });

  it('a reload while the order waits, and one before its answer has come, keep order and place', async () => {
    const saleId = await rig.sale(goods);
    const { page } = await shoppers.open(shopOf(saleId));
    const sent = ordersFrom(page);
    // The order goes out, but the page never hears of it.
    await page.route('**/orders', async (route) => {
      await route.fetch();
    });
    await buttonOf(page, 'Lamp').filter({ hasText: 'Buy now' }).click();
    await expectTicket(page, 'Lamp', 'Your order is on its way');
    await until(() => claimsOf(saleId), { deadlineMs: patienceMs, what: 'the gateway to take the order' });
    await page.unroute('**/orders');
    await page.reload();
    await expectTicket(page, 'Lamp', 'You are in line');
    const number = await numberIn(page);
    await page.reload();
    await expectTicket(page, 'Lamp', 'You are in line');
    expect(await numberIn(page)).toBe(number);
    expect(new Set(sent.map(({ transactionId }) => transactionId))).toEqual(new Set([number]));
    expect(await claimsOf(saleId)).toBe(1);
  });
});

it('sold out is said at once, also to whoever pressed the button a moment too late', async () => {
  const saleId = await rig.sale([{ sku: 'lamp', name: 'Lamp', stock: 1 }]);
  const { page } = await shoppers.open(shopOf(saleId));
  await cardOf(page, 'Lamp').getByText('Only 1 left').waitFor();
  expect((await post(gateway.url, saleId, newOrder({ sku: 'lamp' }))).status).toBe(202);
  await buttonOf(page, 'Lamp').click();
  await expectTicket(page, 'Lamp', 'Sold out');
  await lookAgain(page);
  await buttonOf(page, 'Lamp').filter({ hasText: 'Sold out' }).waitFor();
  expect(await buttonOf(page, 'Lamp').isDisabled()).toBe(true);
  await page.getByRole('heading', { name: 'Everything is sold' }).waitFor();

  await rig.sales.restock(saleId, 'more', 'lamp', 5);
  await lookAgain(page);
  await buttonOf(page, 'Lamp').filter({ hasText: 'Buy now' }).click();
  await expectTicket(page, 'Lamp', 'You are in line');
});

it('whoever has had their share is told so, and that nothing more was bought', async () => {
  const saleId = await rig.sale([{ sku: 'lamp', name: 'Lamp', stock: 50, customerLimit: 2 }]);
  const { page } = await shoppers.open(shopOf(saleId));
  await page.getByLabel('Customer name').fill('keen-one');
  const order = newOrder({ sku: 'lamp', customerId: 'keen-one', quantity: 2 });
  expect((await post(gateway.url, saleId, order)).status).toBe(202);
  await buttonOf(page, 'Lamp').filter({ hasText: 'Buy now' }).click();
  await expectTicket(page, 'Lamp', 'That is more than one customer may buy');
  expect(await claimsOf(saleId)).toBe(1);
});

it('a refusal that passes is waited out as long as the shop asks, and the same order is sent again', async () => {
  const saleId = await rig.sale(goods);
  const { page } = await shoppers.open(shopOf(saleId));
  const sent = ordersFrom(page);
  const refusals = [
    { status: 503, name: 'unavailable', says: 'The line is full at the moment', seconds: 1 },
    { status: 429, name: 'rate-limited', says: 'That was a bit fast', seconds: 2 },
    { status: 503, name: 'outcome-unknown', says: 'Your order may be in line already', seconds: 1 },
  ];
  const sentAtMs: number[] = [];
  await page.route('**/orders', async (route) => {
    sentAtMs.push(Date.now());
    const refusal = refusals[sentAtMs.length - 1];
    if (!refusal) return route.continue();
    await route.fulfill({
      status: refusal.status,
      headers: { 'retry-after': String(refusal.seconds), 'content-type': 'application/problem+json' },
      body: JSON.stringify({ type: `/problems/${refusal.name}`, status: refusal.status }),
    });
  });
  await buttonOf(page, 'Lamp').filter({ hasText: 'Buy now' }).click();
  for (const { says } of refusals) await expectTicket(page, 'Lamp', says);
  // It may have been taken by now: there is nothing to stop any more.
  expect(await ticketIn(page).getByRole('button').count()).toBe(0);
  await expectTicket(page, 'Lamp', 'You are in line');
  expect(new Set(sent.map(({ transactionId }) => transactionId)).size).toBe(1);
  expect(sent).toHaveLength(4);
  for (const [i, { seconds }] of refusals.entries()) {
    expect(sentAtMs[i + 1]! - sentAtMs[i]!).toBeGreaterThanOrEqual(seconds * 1_000);
  }
});

it('what the shop calls its goods is text, whatever it holds', async () => {
  const name = '<img src=x onerror=alert(1)>"\'&amp;';
  const saleId = await rig.sale([{ sku: 'odd', name, stock: 5 }]);
  const { page, complaints } = await shoppers.open(shopOf(saleId));
  await buttonOf(page, name).filter({ hasText: 'Buy now' }).click();
  await expectTicket(page, name, 'You are in line');
  expect(await page.locator('h2').first().textContent()).toBe(name);
  expect(await ticketIn(page, name).locator('dd').nth(2).textContent()).toBe(`1 × ${name}`);
  expect(await page.locator('img').count()).toBe(0);
  expect(complaints).toEqual([]);
});
