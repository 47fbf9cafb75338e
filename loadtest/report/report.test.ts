import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOrderLog } from '../driver/order-log.ts';
import { createRecorder } from '../driver/recorder.ts';
import { renderReport } from './html.ts';
import type { RunResult } from './result.ts';
import { niceTicks, shortNumber } from './scale.ts';
import { someResult as resultIn } from './some-result.testing.ts';
import { formatVerdict } from './verdict-table.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'report-test-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const someResult = (changes?: Partial<RunResult>) => resultIn(folder, changes);

const withoutTarget = (html: string) => html.replaceAll('http://127.0.0.1:8080/', '');

describe('the report', () => {
  it('shows the numbers of the run', async () => {
    const html = await renderReport(await someResult());
    for (const text of [
      '12,345',
      '12,300',
      '>45<',
      'cap 1,234/s',
      '1,295 orders',
      '11,111',
      '98765',
      'Some CPU',
      '0.75',
      '128',
    ]) {
      expect(html).toContain(text);
    }
    expect(html).toContain('Passed');
  });

  it('needs nothing from anywhere else', async () => {
    const html = withoutTarget(await renderReport(await someResult()));
    expect(html).not.toMatch(/https?:|src=|href=|url\(|@import|<script|<link/i);
  });

  it('puts a failure at the top, with its reason', async () => {
    const thresholds = [
      { name: 'One', unit: '', comparison: 'exactly', value: 0, limit: 0, passed: true },
      {
        name: 'Two',
        unit: 'ms',
        comparison: 'at most',
        value: 20,
        limit: 15,
        passed: false,
        note: 'too slow',
      },
    ] as const;
    const html = await renderReport(await someResult({ passed: false, thresholds }));
    expect(html).toContain('Failed: 1 of 2 thresholds');
    expect(html.indexOf('>Two<')).toBeLessThan(html.indexOf('>One<'));
    expect(html).toContain('too slow');
  });

  it('says what followed the orders, and compares the answers with those without followers', async () => {
    const result = await someResult({
      followOns: {
        confirmedOrders: 12_300,
        ordersWithoutMail: 7,
        mailsTwice: 3,
        strayMails: 0,
        ordersNotPosted: 0,
        ordersWithoutPoints: 0,
        strayPoints: 0,
        outage: { fromSecond: 15.1, toSecond: 75.2 },
        mailsDoneAfterSeconds: 41.7,
      },
      baseline: { accepted: (await someResult()).drive.latency.accepted, seconds: 30 },
    });
    const html = await renderReport(result);
    for (const text of [
      'What followed the orders',
      '>7<',
      '>3<',
      '42 s',
      'from second 15 to 75',
      'same rate for 30 s',
    ])
      expect(html).toContain(text);
    expect(await renderReport(await someResult())).not.toContain('What followed');
  });

  it('shows foreign words as words', async () => {
    const audit = {
      clean: false,
      report: undefined,
      busiestSecondOrders: undefined,
      capUsedRatio: undefined,
      backlogSeconds: 0,
      databaseBoundSeconds: 0,
      failure: '<script>alert("x")</script>',
    };
    const html = await renderReport(await someResult({ audit }));
    expect(html).toContain('&lt;script&gt;');
    expect(html).not.toContain('<script');
  });

  it('is drawn without samples, without a cap, and without an answer', async () => {
    const { capOrdersPerSecond: _, ...result } = await someResult({ samples: [] });
    const empty = createRecorder({ log: createOrderLog(join(folder, 'empty.ndjson')), warmupSeconds: 0 });
    const html = await renderReport({ ...result, drive: empty.result() });
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('the scales', () => {
  it('have round ticks that reach over the highest value', () => {
    expect(niceTicks(5_250, 4)).toEqual([0, 2_000, 4_000, 6_000]);
    expect(niceTicks(0.7, 4)).toHaveLength(5);
    expect([5_000, 12_500, 1_500_000].map(shortNumber)).toEqual(['5,000', '12.5k', '1.5M']);
  });
});

describe('the verdict table', () => {
  it('has one line for each threshold, with value, limit and reason', () => {
    const lines = formatVerdict([
      { name: 'Errors', unit: '', comparison: 'at most', value: 0, limit: 0, passed: true },
      { name: 'Cap', unit: 'orders', comparison: 'at most', limit: 2_100, passed: false, note: 'no audit' },
    ]).split('\n');
    expect(lines).toEqual([
      'ok      Errors  0  at most 0',
      'FAILED  Cap     –  at most 2,100 orders  no audit',
    ]);
  });
});

it('the order log is what the report says it is', async () => {
  await someResult();
  const lines = (await readFile(join(folder, 'orders.ndjson'), 'utf8')).trim().split('\n');
  expect(lines).toHaveLength(12_345);
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({
    transactionId: 'run-12344',
    status: 409,
    outcome: 'sold-out',
  });
});
