import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../src/platform/free-port.ts';
import { untilLetters } from '../faults/dead-letter-tools.ts';
import { accessibilityFaults, launchBrowser, scrollsSideways } from '../support/browser.ts';
import { crowd, get } from '../support/http.ts';
import { createRig, newOrder, type Rig, type RunningRole, rigAdminToken } from '../support/rig.ts';
import { until } from '../support/wait.ts';

const markup = '<img src=x onerror="window.hacked=true"><b>Lamp</b>';
const deadlineMs = 30_000;

let rig: Rig;
let browser: Browser;
let gateway: RunningRole;
let ops: RunningRole;
let opsPort: string;
let saleId: string;
let page: Page;
/** What the page's scripts threw. */
const faults: string[] = [];

beforeAll(async () => {
  [rig, browser] = await Promise.all([createRig(), launchBrowser()]);
  opsPort = String(await freePort());
  [gateway, ops] = await Promise.all([
    rig.gateway(),
    rig.ops({ OPS_PORT: opsPort }),
    rig.drainer(),
    rig.follower('activity-log'),
  ]);
  // The broker tells the counts of a queue seconds later: by the time they are looked at.
  await rig.inject(['no event'], { key: 'sluice.follower.activity-log' });
  saleId = await rig.sale([{ sku: 'lamp', name: markup, stock: 5_000 }]);
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(deadlineMs);
  page.on('pageerror', (error) => faults.push(error.stack ?? error.message));
});
afterAll(async () => {
  await browser?.close();
  await rig?.close();
});

const tile = (name: string) => page.locator(`[data-tile=${name}]`);
const shownIn = async (name: string) => (await tile(name).locator('.value').textContent()) ?? '';
const dialog = () => page.getByRole('dialog');

/** Waits until a tile shows what is wanted; resolves with it. */
function untilShown(name: string, wanted: (value: number) => boolean): Promise<string> {
  return until(
    async () => {
      const text = await shownIn(name);
      return wanted(Number(text.replaceAll(',', ''))) && text;
    },
    { deadlineMs, what: `the tile ${name}` },
  );
}

async function logIn(token: string): Promise<void> {
  await page.getByLabel('Your name').fill('Linh');
  await page.getByLabel('Admin token').fill(token);
  await page.getByRole('button', { name: 'Log in' }).click();
}

async function act(button: string, fields: Record<string, string> = {}): Promise<string | null> {
  for (const [label, text] of Object.entries(fields)) await dialog().getByLabel(label).fill(text);
  await dialog().getByRole('button', { name: button, exact: true }).click();
  await dialog().waitFor({ state: 'hidden' });
  return page.getByRole('status').textContent();
}

const newestEntry = () => page.locator('#trail .entry').first();

describe('the ops page in a browser', { timeout: 120_000 }, () => {
  it('shows nothing to who has no token, and says that a token is wrong', async () => {
    await page.goto(`${ops.url}/ops`);
    await logIn('a token that is wrong');
    expect(await page.getByRole('alert').textContent()).toBe('This is not the admin token.');
    expect(await page.locator('body').textContent()).not.toContain(saleId);
    await logIn(rigAdminToken);
    await page.getByRole('heading', { name: 'Right now' }).waitFor();
    await page.locator('#who', { hasText: 'Linh' }).waitFor();
    expect(await page.evaluate('document.cookie')).toBe('');
  });

  it('pauses, shows what comes in and waits, and drains at a cap that is set', {
    timeout: 60_000,
  }, async () => {
    await page.locator('.pill', { hasText: 'Live' }).waitFor();
    await page.getByRole('button', { name: 'Pause draining…' }).click();
    expect(await act('Pause')).toBe('Draining is paused.');
    await page.getByText('Draining is paused. Orders are still accepted').waitFor();
    await newestEntry().filter({ hasText: 'pause' }).waitFor();
    expect(await newestEntry().textContent()).toMatch(/Linh\s+page[\s\S]*pause[\s\S]*done/);

    const orders = Array.from({ length: 2_500 }, () => newOrder({ sku: 'lamp' }));
    const sent = crowd(gateway.url, saleId, orders);
    await untilShown('accepted', (perSecond) => perSecond > 0);
    expect((await sent).filter(({ status }) => status !== 202)).toEqual([]);
    await untilShown('waiting', (waiting) => waiting === 2_500);
    expect(await shownIn('drain')).toBe('paused');

    await page.getByRole('button', { name: 'Set the cap…' }).click();
    for (const cap of ['0', '-1', 'NaN', '10000000', '']) {
      await dialog().getByLabel('Orders per second').fill(cap);
      await dialog().getByRole('button', { name: 'Set the cap' }).click();
      const refused = dialog()
        .getByRole('alert')
        .filter({ hasText: /from 1 to 1,?000,?000/ });
      await refused.waitFor();
      expect(await dialog().isVisible()).toBe(true);
    }
    expect(await act('Set the cap', { 'Orders per second': '140' })).toBe('The cap is 140 orders/s.');
    await page.getByRole('button', { name: 'Resume draining…' }).click();
    expect(await act('Resume')).toContain('Draining goes on at 140');
    await tile('drained').getByText('of 140 orders/s').waitFor();
    await untilShown('drained', (perSecond) => perSecond > 50 && perSecond < 155);

    await rig.ledger.setCap(2_000, 'database slow');
    await untilShown('drained', (perSecond) => perSecond > 200);
    await tile('drained').getByText('of 2,000 orders/s · database slow').waitFor();
    await untilShown('waiting', (waiting) => waiting === 0);
    const item = page.locator('[data-sku=lamp]');
    await item.getByText('2,500 of 5,000').waitFor();
    expect(await item.textContent()).toContain('2,500');
  });

  it('draws every curve, in colours of the theme', async () => {
    expect(await page.locator('.chart canvas').count()).toBe(4);
    const label = await page.locator('.plot').first().getAttribute('aria-label');
    expect(label).toMatch(/^Orders answered, the last 5 min\. Now: offered \d/);
  });

  it('restocks by keyboard alone', async () => {
    await page.getByRole('button', { name: /^Restock <img/ }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.type('five');
    await page.keyboard.press('Enter');
    await dialog().getByRole('alert').filter({ hasText: 'A whole number' }).waitFor();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('25');
    await page.keyboard.press('Enter');
    await dialog().waitFor({ state: 'hidden' });
    await page.locator('[data-sku=lamp]').getByText('2,500 of 5,025').waitFor();
    await newestEntry().filter({ hasText: '25 pieces more of lamp' }).waitFor();
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toMatch(/^Restock/);
  });

  it('closes a sale and opens it again, and says so where there is none', async () => {
    const sale = page.locator(`[data-sale=${saleId}]`);
    await sale.getByRole('button', { name: 'Close…' }).click();
    expect(await act('Close the sale')).toBe(`${saleId} is closed.`);
    await sale.getByRole('button', { name: 'Open…' }).click();
    expect(await act('Open the sale')).toContain(`${saleId} is open until`);
    await sale.getByRole('button', { name: 'Close…' }).click();
    await rig.db.query('UPDATE sales SET archived_at = now() WHERE sale_id = $1', [saleId]);
    await dialog().getByRole('button', { name: 'Close the sale' }).click();
    await dialog().getByRole('alert').filter({ hasText: 'is archived' }).waitFor();
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    await rig.db.query('UPDATE sales SET archived_at = NULL WHERE sale_id = $1', [saleId]);
  });

  it('looks into dead letters, redrives and purges them, and says when they are gone', async () => {
    await rig.inject([`no order: ${markup}`, 'another']);
    const [first, second] = await untilLetters(rig, 2);
    await page.getByRole('button', { name: 'Look again' }).click();
    const letter = page.locator(`[data-letter="${first!.id}"]`);
    await letter.getByText('Look inside').click();
    await letter.getByText(`no order: ${markup}`).waitFor();
    await letter.getByRole('button', { name: /^Redrive/ }).click();
    expect(await act('Redrive')).toContain('1 kept (it is no order that can be read');
    await letter.getByRole('button', { name: /^Purge/ }).click();
    expect(await act('Purge')).toContain('1 removed');
    await letter.waitFor({ state: 'detached' });

    await page
      .locator(`[data-letter="${second!.id}"]`)
      .getByRole('button', { name: /^Purge/ })
      .click();
    await get(`${ops.url}/admin/dead-letters/purge`, {
      method: 'POST',
      headers: { authorization: `Bearer ${rigAdminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ all: true }),
    });
    expect(await act('Purge')).toContain('1 not there any more');
    await page.getByText('None: every order could be written.').waitFor();
  });

  it('shows what waits for followers, and the events that they could not handle', async () => {
    const follower = page.locator('[data-follower=activity-log]');
    await follower.locator('.deadLetters dd', { hasText: '1' }).waitFor();
    await follower.getByText('Dead letters', { exact: true }).click();
    await follower.getByText('Look inside').click();
    await follower.getByText('no event', { exact: true }).waitFor();
    await follower.getByRole('button', { name: /^Purge/ }).click();
    expect(await act('Purge')).toBe('1 purged.');
    await newestEntry().filter({ hasText: 'follower purge' }).waitFor();
  });

  it('runs no markup of names, reasons or contents, and loads nothing from elsewhere', async () => {
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(faults).toEqual([]);
    expect(await page.locator('[data-sku=lamp] .name').textContent()).toBe(markup);
    const requested = await page.evaluate<string[]>(
      'performance.getEntriesByType("resource").map((r) => r.name)',
    );
    expect(requested.length).toBeGreaterThan(5);
    for (const url of requested) expect(new URL(url).origin).toBe(new URL(ops.url).origin);
  });

  it.each(['light', 'dark'] as const)(
    'shuts nobody out, %s, with and without a question',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.getByRole('button', { name: 'Set the cap…' }).click();
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await dialog().waitFor({ state: 'hidden' });
    },
  );

  it('fits a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await scrollsSideways(page)).toBe(false);
    await page.getByRole('button', { name: 'Set the cap…' }).click();
    expect(await scrollsSideways(page)).toBe(false);
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('greys what is not known, with its age, and says when contact is lost', {
    timeout: 60_000,
  }, async () => {
    await rig.stack.redis.stop();
    await page.locator('[data-dependency=redis]', { hasText: 'Redis away' }).waitFor();
    await tile('offered')
      .getByText(/^\d+ s old$/)
      .waitFor();
    expect(await page.locator('[data-tile=offered].old').count()).toBe(1);
    await rig.stack.redis.restart();
    await page.locator('[data-dependency=redis]', { hasText: 'Redis up' }).waitFor();
    await until(async () => (await page.locator('.tile.old').count()) === 0, {
      deadlineMs,
      what: 'all numbers to be of now again',
    });

    await ops.stop();
    await page.getByText(/^Contact is lost\. All numbers are as of \d/).waitFor();
    await until(async () => (await page.locator('.tile.old').count()) === 8, {
      deadlineMs,
      what: 'old numbers',
    });
    expect(await accessibilityFaults(page)).toEqual([]);

    ops = await rig.ops({ OPS_PORT: opsPort });
    await page.getByText('Your session is over. Please log in again.').waitFor();
    await logIn(rigAdminToken);
    await page.locator('.pill', { hasText: 'Live' }).waitFor();
  });

  it('lets who logs out see no more', async () => {
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Admin token').waitFor();
    await page.goto(`${ops.url}/ops`);
    expect(await page.getByLabel('Admin token').isVisible()).toBe(true);
  });
});
