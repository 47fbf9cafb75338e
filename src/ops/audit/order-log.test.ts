import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readOrderLog } from './order-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-log-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const line = (n: number, more: object = {}) =>
  `${JSON.stringify({ transactionId: `order-${n}`, sku: 'a', quantity: 1, customerId: `ç${n}`, status: 202, outcome: 'accepted', ...more })}\n`;

function read(text: string, part = 0, parts = 1) {
  const path = join(folder, 'orders.ndjson');
  writeFileSync(path, text);
  return readOrderLog(path, part, parts, () => undefined);
}

test('a log larger than what is read at once is read whole', async () => {
  const log = await read(Array.from({ length: 20_000 }, (_, n) => line(n)).join(''));
  expect(log).toMatchObject({ lines: 20_000, unreadable: 0, torn: false });
  expect(log.orders.size).toBe(20_000);
  expect(log.orders.get('order-19999')?.told).toBe('a 1 ç19999');
});

test('the parts of a log are all of it, each order in one', async () => {
  const text = Array.from({ length: 300 }, (_, n) => line(n % 100)).join('');
  const parts = await Promise.all([0, 1, 2].map((part) => read(text, part, 3)));
  const ids = parts.flatMap(({ orders }) => [...orders.keys()]);
  expect(ids).toHaveLength(100);
  expect(new Set(ids).size).toBe(100);
});

test('a last line that breaks off is told from one that is no answer', async () => {
  expect(await read(`${line(1)}{"transa`)).toMatchObject({ lines: 2, unreadable: 0, torn: true });
  expect(await read(`{"transa\n${line(1)}`)).toMatchObject({ lines: 2, unreadable: 1, torn: false });
});

test('only an answer that says so, or none, leaves the outcome open', async () => {
  const answers: [number, string, boolean][] = [
    [0, 'timeout', true],
    [503, 'outcome-unknown', true],
    [500, 'server-error', true],
    [503, 'unavailable', false],
    [409, 'sold-out', false],
    [202, 'accepted', false],
  ];
  const text = answers.map(([status, outcome], n) => line(n, { status, outcome })).join('');
  const { orders } = await read(text);
  expect(answers.map((_, n) => orders.get(`order-${n}`)?.open)).toEqual(answers.map(([, , open]) => open));
});
