import { createSecretKey } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { accessibilityFaults, launchBrowser, scrollsSideways } from '../support/browser.ts';
import { createRig, type Rig, type RunningRole } from '../support/rig.ts';
import { until } from '../support/wait.ts';
import { buttonOf, cardOf, createShoppers, expectTicket, type Shoppers } from './shopper.ts';

/** Many steps, each of which waits for something: on a busy machine they add up. */
vi.setConfig({ testTimeout: 90_000 });

let rig: Rig;
let gateway: RunningRole;
let browser: Browser;
let shoppers: Shoppers;
let open: string;
let upcoming: string;

const goods = [
  { sku: 'lamp', name: 'Lamp', stock: 500, customerLimit: 1, priceMinor: 12_345 },
  { sku: 'rug', name: 'Rug', stock: 3 },
  { sku: 'vase', name: 'Vase', stock: 0 },
];

beforeAll(async () => {
  [rig, browser] = await Promise.all([createRig(), launchBrowser()]);
  gateway = await rig.gateway();
  shoppers = createShoppers(browser);
  await rig.claims.announceCap(1_000);
  open = await rig.sale(goods);
  upcoming = await rig.sale(goods, { opensInMs: 3_600_000, closesInMs: 7_200_000 });
});
afterAll(async () => {
  await shoppers?.close();
  await browser?.close();
  await rig?.close();
});

const shopOf = (saleId: string) => `${gateway.url}/?sale=${saleId}`;
const untilStockShows = (page: Page) => page.locator('.stock', { hasText: /\d/ }).first().waitFor();

it('a first visit is sent less than 60 kB, from the gateway alone', async () => {
  const { page, complaints } = await shoppers.open('about:blank');
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  let bytes = 0;
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  const hosts = new Set<string>();
  page.on('request', (request) => hosts.add(new URL(request.url()).origin));
  await page.goto(shopOf(open));
  await untilStockShows(page);
  await page.waitForLoadState('networkidle');
  expect(bytes).toBeGreaterThan(5_000);
  expect(bytes).toBeLessThan(60_000);
  expect([...hosts]).toEqual([gateway.url]);
  expect(complaints).toEqual([]);
});

it('the page speaks the shopper’s language, and the one they switch to', async () => {
  const { page } = await shoppers.open(shopOf(open), { locale: 'vi-VN' });
  await page.getByRole('heading', { name: 'Đang mở bán' }).waitFor();
  await cardOf(page, 'Rug').getByText('Chỉ còn 3').waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('vi');
  await page.getByRole('link', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'The sale is on' }).waitFor();
  await cardOf(page, 'Rug').getByText('Only 3 left').waitFor();
  await page.getByRole('link', { name: 'Tiếng Việt' }).click();
  await buttonOf(page, 'Rug').filter({ hasText: 'Mua ngay' }).click();
  await expectTicket(page, 'Rug', 'Bạn đang trong hàng chờ');
});

it('without JavaScript a form orders, sent again it is the same order, and a page follows it', async () => {
  const { page, complaints } = await shoppers.open(shopOf(open), { javaScriptEnabled: false });
  await page.waitForURL('**/shop/form?**');
  await page.getByLabel('Lamp').check();
  await page.getByLabel('Customer name').fill('no-script');
  await page.getByRole('button', { name: 'Place the order' }).click();
  await page.getByRole('heading', { name: 'You are in line' }).waitFor();
  const { pathname } = new URL(page.url());
  expect(pathname).toContain(`/shop/orders/${open}/`);

  await page.goBack();
  await page.getByRole('button', { name: 'Place the order' }).click();
  await page.getByRole('heading', { name: 'You are in line' }).waitFor();
  expect(new URL(page.url()).pathname).toBe(pathname);

  const drainer = await rig.drainer();
  await until(
    async () => {
      await page.getByRole('link', { name: 'Look again' }).click();
      return page.getByRole('heading', { name: 'It’s yours!' }).isVisible();
    },
    { deadlineMs: 20_000, what: 'the order to be confirmed' },
  );
  await drainer.stop();
  const { rows } = await rig.db.query("SELECT 1 FROM orders WHERE customer_id = 'no-script'");
  expect(rows).toHaveLength(1);

  await page.getByRole('link', { name: 'Back to the sale' }).click();
  await page.getByLabel('Lamp').check();
  await page.getByLabel('Customer name').fill('no-script');
  await page.getByRole('button', { name: 'Place the order' }).click();
  await page.getByRole('heading', { name: 'That is more than one customer may buy' }).waitFor();
  expect(complaints).toEqual([]);
});

it('with tokens the page says that the shop must hand one over, and takes it without showing it', async () => {
  const secret = Buffer.alloc(32, 7);
  const jwt = { JWT_ISSUER: 'https://shop.example', JWT_AUDIENCE: 'sluice', JWT_ALGORITHMS: 'HS256' };
  const other = await rig.gateway({ ...jwt, AUTH: 'jwt', JWT_KEY: secret.toString('base64') });
  const saleId = await rig.sale(goods);
  const { page } = await shoppers.open(`${other.url}/?sale=${saleId}`);
  await page.getByText('Please sign in at the shop first').waitFor();
  expect(await page.getByLabel('Customer name').count()).toBe(0);
  const token = await new SignJWT({ sub: 'alice' })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(jwt.JWT_ISSUER)
    .setAudience(jwt.JWT_AUDIENCE)
    .setExpirationTime('5m')
    .sign(createSecretKey(secret));
  await page.goto('about:blank');
  await page.goto(`${other.url}/?sale=${saleId}#token=${token}`);
  await page.getByText('You are signed in through the shop').waitFor();
  expect(page.url()).not.toContain(token);
  await buttonOf(page, 'Lamp').filter({ hasText: 'Buy now' }).click();
  await expectTicket(page, 'Lamp', 'You are in line');
  const id = await cardOf(page, 'Lamp').locator('.id').textContent();
  const [view] = await rig.claims.read(saleId, [id!]);
  expect(view?.order.customerId).toBe('alice');
  await other.stop();
});

it('by keyboard alone an order is placed, focus goes with it, and what happens is said aloud', async () => {
  const saleId = await rig.sale([{ sku: 'lamp', name: 'Lamp', stock: 5, customerLimit: 2 }]);
  const { page } = await shoppers.open(shopOf(saleId));
  await buttonOf(page, 'Lamp').filter({ hasText: 'Buy now' }).waitFor();
  const focused = page.locator(':focus');
  await page.keyboard.press('Tab');
  expect(await focused.textContent()).toBe('Skip to the sale');
  await page.keyboard.press('Enter');
  for (const field of ['customer', 'quantity', null]) {
    await page.keyboard.press('Tab');
    expect(await focused.getAttribute('name')).toBe(field);
  }
  await page.keyboard.press('Enter');
  await expectTicket(page, 'Lamp', 'You are in line');
  expect(await focused.textContent()).toBe('You are in line');
  const said = page.locator('[data-part=announcer]');
  await said.filter({ hasText: 'Lamp: You are in line.' }).waitFor();
  expect(await said.textContent()).toContain('Place 1 in line, estimated wait: a moment');
});

it('nothing serious is in anybody’s way, in either theme, and nothing is wider than a phone', async () => {
  const { page } = await shoppers.open(shopOf(upcoming));
  const check = async (what: string) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await accessibilityFaults(page), `${what}, ${colorScheme}`).toEqual([]);
    }
    for (const width of [390, 1_280]) {
      await page.setViewportSize({ width, height: 844 });
      expect(await scrollsSideways(page), `${what}, ${width} pixels`).toBe(false);
    }
  };
  await untilStockShows(page);
  await check('upcoming');
  await page.goto(shopOf(open));
  await untilStockShows(page);
  await check('open');
  await buttonOf(page, 'Lamp').click();
  await expectTicket(page, 'Lamp', 'You are in line');
  await page.route('**/orders', (route) => route.abort());
  await buttonOf(page, 'Rug').click();
  await expectTicket(page, 'Rug', 'The shop can’t be reached at the moment');
  await check('in line, sold out and away');
  await page.goto(`${gateway.url}/`);
  await check('the list');
  await page.goto(`${gateway.url}/shop/form?sale=${open}`);
  await check('the form');
  await page.goto(`${gateway.url}/shop/orders/${open}/no-such-order`);
  await page.getByRole('heading', { name: 'We know no such order' }).waitFor();
  await check('a refusal');
});
