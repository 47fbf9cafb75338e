import type { FastifyRequest } from 'fastify';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser } from '../../../test/support/browser.ts';
import { until } from '../../../test/support/wait.ts';
import { createPageAlone } from './page-alone.testing.ts';

let browser: Browser;
let api: Awaited<ReturnType<typeof createPageAlone>>;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
});
beforeEach(async () => {
  api = await createPageAlone();
});
afterEach(async () => {
  await page.close();
  await api.close();
});
afterAll(() => browser?.close());

async function open(): Promise<void> {
  page = await browser.newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(api.url);
  await page.locator('.pill', { hasText: 'Live' }).waitFor();
}

const dialog = () => page.getByRole('dialog');
const section = (id: string) => page.locator(`#${id}`);
const button = (name: string) => page.getByRole('button', { name, exact: true });
const press = (verb: string) => dialog().getByRole('button', { name: verb, exact: true }).click();

/** An answer that is held back until the test gives it. */
function held() {
  let give!: (answer: unknown) => void;
  const given = new Promise<unknown>((resolve) => {
    give = resolve;
  });
  return { answer: () => given, give, refuse: (why: string) => give(Promise.reject(new Error(why))) };
}

function letters(count: number, from = 0) {
  return Array.from({ length: count }, (_, i) => ({
    id: `letter-${from + i}`,
    failedAt: null,
    reason: 'a reason',
    cause: 'a cause',
    history: [],
    content: null,
    order: null,
  }));
}

/** A box that holds so many letters and lists as many as are asked for. */
function boxOf(size: () => number) {
  return ({ query }: FastifyRequest) => ({
    letters: letters(Math.min(size(), Number((query as { limit: string }).limit))),
  });
}

const depthOf = (deadLetters: number) => ({
  depth: { ready: 0, unacknowledged: 0, deadLetters, prefetches: [3] },
});

/** Opens the page where the broker has counted three letters, of which so many can be looked at. */
async function openWithThree(size: () => number): Promise<void> {
  api.see(depthOf(3));
  api.answer('GET /admin/dead-letters', boxOf(size));
  await open();
}

describe('dead letters', { timeout: 60_000 }, () => {
  it('are not said to be none while nobody can look at them', async () => {
    api.see({ depth: undefined });
    const look = held();
    api.answer('GET /admin/dead-letters', look.answer);
    await open();
    expect(await section('letters').textContent()).not.toContain('None');
    expect(await section('letters').locator('.count').textContent()).toBe('–');
    for (const action of ['Redrive all…', 'Purge all listed…']) {
      expect(await button(action).isDisabled()).toBe(true);
    }
    await section('letters').getByText('not known').waitFor();
    look.refuse('the broker is away');
    await section('letters').getByText("They can't be looked at: the broker is away").waitFor();
    expect(await section('letters').textContent()).not.toContain('None');

    api.answer('GET /admin/dead-letters', () => ({ letters: letters(2) }));
    api.see(depthOf(2));
    await page.locator('[data-letter=letter-1]').waitFor();
    expect(await section('letters').locator('.count').textContent()).toBe('2');
  });

  it('grow old with the broker away, and the followers’ too', async () => {
    api.see(depthOf(2));
    api.answer('GET /admin/dead-letters', () => ({ letters: letters(2) }));
    const counts = {
      waitingMessages: 5,
      unacknowledgedMessages: 0,
      retrying: 0,
      deadLetters: 0,
      instances: 1,
    };
    api.answer('GET /admin/followers', () => ({
      followers: [{ name: 'ranking', ...counts }],
      lookAgeSeconds: 65,
    }));
    await open();
    await page.locator('[data-letter=letter-1]').waitFor();
    expect(await page.locator('#letters.old').count()).toBe(0);
    await section('followers')
      .getByText(/^1 min \d+ s old$/)
      .waitFor();
    api.see({ depth: undefined });
    await section('letters')
      .getByText(/^\d+ s old$/)
      .waitFor();
    expect(await page.locator('#letters.old').count()).toBe(1);
    expect(await section('letters').locator('.count').textContent()).toBe('2');
  });

  it('in the hands of a redrive are still counted, and are listed when they come back', async () => {
    let free = 0;
    await openWithThree(() => free);
    await section('letters')
      .getByText(/^None can be looked at now\. The broker counted 3/)
      .waitFor();
    expect(await section('letters').locator('.count').textContent()).toBe('3');
    free = 3;
    await page.locator('[data-letter=letter-2]').waitFor();
  });

  it('that came after the question are not purged', async () => {
    let size = 3;
    await openWithThree(() => size);
    const purged: unknown[] = [];
    api.answer('POST /admin/dead-letters/purge', ({ body }) => {
      purged.push(body);
      return { letters: [{ id: 'letter-0', outcome: 'purged', because: null }], unknownIds: [] };
    });
    await page.locator('[data-letter=letter-2]').waitFor();
    await button('Purge all listed…').click();
    size = 840;
    api.see(depthOf(840));
    await page.locator('[data-letter=letter-99]').waitFor({ state: 'attached' });
    await dialog().getByText('Purge the 3 dead letters listed here?').waitFor();
    await press('Purge');
    await dialog().waitFor({ state: 'hidden' });
    expect(purged).toEqual([{ ids: ['letter-0', 'letter-1', 'letter-2'] }]);
    expect(await section('letters').locator('.letter').count()).toBe(100);
    await section('letters').getByText('The oldest 100 of 840 are listed.').waitFor();
    await button('Purge all listed…').click();
    await dialog().getByText('There are 840: those that are not listed stay.').waitFor();
  });
});

describe('what is under way', { timeout: 60_000 }, () => {
  it('can’t be called off, and no other question can be asked meanwhile', async () => {
    const pause = held();
    api.answer('POST /admin/pause', pause.answer);
    await open();
    await button('Pause draining…').click();
    await press('Pause');
    await dialog().getByText('Pause: under way…').waitFor();
    expect(await dialog().getByRole('button', { name: 'Cancel' }).isDisabled()).toBe(true);
    await page.keyboard.press('Escape');
    expect(await dialog().isVisible()).toBe(true);
    pause.refuse('PostgreSQL is away');
    await dialog().getByRole('alert').filter({ hasText: 'PostgreSQL is away' }).waitFor();
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    await dialog().waitFor({ state: 'hidden' });
  });

  it.each(['done', 'refused'] as const)(
    'and is left all the same says how it ended, %s, and leaves the next question alone',
    async (ending) => {
      const pause = held();
      api.answer('POST /admin/pause', pause.answer);
      await open();
      await button('Pause draining…').click();
      await press('Pause');
      await dialog().getByText('Pause: under way…').waitFor();
      await page.evaluate('document.querySelector("#confirm").close()');
      await button('Set the cap…').click();
      expect(await dialog().getByRole('button', { name: 'Set the cap' }).isEnabled()).toBe(true);
      if (ending === 'done') pause.give({ paused: true, ordersPerSecond: 2_000 });
      else pause.refuse('PostgreSQL is away');
      const said = ending === 'done' ? 'Draining is paused.' : 'Pause draining? PostgreSQL is away';
      await until(async () => (await page.locator('#said').textContent()) === said, {
        deadlineMs: 10_000,
        what: said,
      });
      expect(await dialog().getByRole('heading').textContent()).toBe('Set the cap');
      expect(await dialog().locator('.error').textContent()).toBe('');
    },
  );
});

it('a cap is taken in digits alone', { timeout: 60_000 }, async () => {
  const caps: unknown[] = [];
  api.answer('PUT /admin/cap', ({ body }) => {
    caps.push(body);
    return { ...(body as object), paused: false };
  });
  await open();
  await button('Set the cap…').click();
  for (const typed of ['2.000', '2,000', '1,5', '1e3', '0x10', '-1']) {
    await dialog().getByLabel('Orders per second').fill(typed);
    await press('Set the cap');
    await dialog().getByRole('alert').filter({ hasText: 'In digits alone' }).waitFor();
    // The next message is a new one.
    await page.evaluate('document.querySelector("#confirm .error").textContent = ""');
  }
  await dialog().getByLabel('Orders per second').fill(' 2000 ');
  await press('Set the cap');
  await dialog().waitFor({ state: 'hidden' });
  expect(caps).toEqual([{ ordersPerSecond: 2_000 }]);
});

describe('the audit trail', { timeout: 60_000 }, () => {
  let newest: number;
  const outcomes = new Map<number, string | null>();

  beforeEach(() => {
    outcomes.clear();
    api.answer('POST /admin/pause', () => ({ paused: true, ordersPerSecond: 2_000 }));
    api.answer('GET /admin/trail', ({ query }) => {
      const { limit, before = newest + 1 } = query as { limit: string; before?: string };
      const first = Math.min(newest, Number(before) - 1);
      const count = Math.min(Number(limit), first);
      return { entries: Array.from({ length: count }, (_, i) => entry(first - i)) };
    });
  });

  function entry(id: number) {
    const outcome = outcomes.has(id) ? outcomes.get(id) : 'done';
    const at = new Date(Date.UTC(2026, 0, 1) + id * 1_000).toISOString();
    return { id, at, who: 'Linh', via: 'command', action: `action-${id}.`, details: {}, outcome, said: null };
  }

  /** Each action is followed by a refresh. */
  async function refresh(): Promise<void> {
    await button('Pause draining…').click();
    await press('Pause');
    await dialog().waitFor({ state: 'hidden' });
  }

  const shown = async () =>
    (await section('trail').locator('.entry .what b').allTextContents()).map((text) =>
      Number(/\d+/.exec(text)),
    );
  const untilShown = (id: number) => section('trail').getByText(`action-${id}.`, { exact: true }).waitFor();
  const downFrom = (first: number, last = 1) => Array.from({ length: first - last + 1 }, (_, i) => first - i);

  async function readToTheEnd(): Promise<void> {
    while (await button('Older entries').isVisible()) {
      const before = (await shown()).length;
      await button('Older entries').click();
      await until(
        async () => (await shown()).length > before || !(await button('Older entries').isVisible()),
        {
          deadlineMs: 10_000,
          what: 'older entries',
        },
      );
    }
  }

  it.each([80, 500])('has no gap where many entries came at once, up to number %i', async (many) => {
    newest = 30;
    await open();
    await untilShown(11);
    newest = many;
    await refresh();
    await untilShown(many);
    await readToTheEnd();
    expect(await shown()).toEqual(downFrom(many));
  });

  it('learns how an entry ended that is not among the newest any more', async () => {
    newest = 30;
    outcomes.set(15, null);
    await open();
    const slow = section('trail').locator('.entry', { hasText: 'action-15.' });
    await slow.getByText('unknown').waitFor();
    newest = 60;
    outcomes.set(15, 'failed');
    await refresh();
    await slow.getByText('failed').waitFor();
    expect(await shown()).toEqual(downFrom(60, 11));
  });

  it('names a few of many letters, and how many there were', async () => {
    newest = 1;
    const details = { ids: letters(100).map(({ id }) => id) };
    api.answer('GET /admin/trail', () => ({ entries: [{ ...entry(1), details }] }));
    await open();
    await section('trail').getByText('ids letter-0, letter-1, letter-2 and 97 more').waitFor();
  });
});
