import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';

/** Long enough on a machine that others use too. */
export const patienceMs = 25_000;

/** A shopper with a browser window of their own. */
export interface Shopper {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What their browser has complained of: scripts that failed, parts that the page's policy forbids. */
  readonly complaints: readonly string[];
}

/** Who closes all windows in the end, and how a new one is opened. */
export interface Shoppers {
  open(url: string, options?: BrowserContextOptions): Promise<Shopper>;
  close(): Promise<void>;
}

export function createShoppers(browser: Browser): Shoppers {
  const contexts: BrowserContext[] = [];
  return {
    async open(url, options = {}) {
      const context = await browser.newContext({ locale: 'en-US', timezoneId: 'UTC', ...options });
      contexts.push(context);
      context.setDefaultTimeout(patienceMs);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => {
        // A refusal of the gateway is what some tests are about; the browser reports it too.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
          complaints.push(message.text());
        }
      });
      await page.goto(url);
      return { context, page, complaints };
    },
    async close() {
      await Promise.all(contexts.map((context) => context.close()));
    },
  };
}

/** The card of an item, by its name. */
export const cardOf = (page: Page, name: string) => page.getByRole('article', { name });

/** The button that buys it. */
export const buttonOf = (page: Page, name: string) => cardOf(page, name).locator('form button');

/** Waits until an order's heading is as said. */
export async function expectTicket(page: Page, item: string, heading: string): Promise<void> {
  const title = cardOf(page, item).locator('.ticket h3');
  await title.filter({ hasText: heading }).waitFor();
  expect(await title.textContent()).toBe(heading);
}
