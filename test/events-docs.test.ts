import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect, it } from 'vitest';
import { decodeEvents, eventBatchType, eventOf } from '../src/order/events.ts';
import type { LedgerOrder } from '../src/order/ports/ledger.ts';
import { projectFolder } from './support/build.ts';

const read = (path: string) => readFileSync(join(projectFolder, path), 'utf8');
const page = read('docs/events.md');
const schema = JSON.parse(read('docs/events.schema.json'));
const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });
addFormats.default(ajv);
const isEvent = ajv.compile(schema);

const confirmed: LedgerOrder = {
  order: {
    saleId: 'friday',
    transactionId: '8c1f6a52-transaction',
    sku: 'sneaker-42',
    quantity: 1,
    customerId: 'customer-7',
    sequence: 1_841,
    claimedAtMs: Date.parse('2026-11-27T09:00:00.112Z'),
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  },
  status: 'confirmed',
  settledAtMs: Date.parse('2026-11-27T09:00:01.250Z'),
};

it('the event that docs/events.md shows is what the code makes', () => {
  const [, shown] = /```json\n(.*?)```/s.exec(page)!;
  expect(JSON.parse(shown!)).toEqual(eventOf(confirmed));
});

it.each<[string, LedgerOrder]>([
  ['a confirmed order', confirmed],
  ['one without a trace', { ...confirmed, order: { ...confirmed.order, traceparent: undefined } as never }],
  ['a rejected order', { ...confirmed, status: 'rejected', reason: 'sold-out' }],
  ['a failed order', { ...confirmed, status: 'failed', reason: 'dead-lettered' }],
  [
    'a failed order that could be anything',
    {
      ...confirmed,
      order: { ...confirmed.order, sku: '\u0000', quantity: -5, claimedAtMs: Number.NaN },
      status: 'failed',
      reason: 'dead-lettered',
    },
  ],
])('the schema takes %s, and knows every attribute and field of it', (_, settled) => {
  const event = JSON.parse(JSON.stringify(eventOf(settled)));
  expect(isEvent(event), JSON.stringify(isEvent.errors)).toBe(true);
  expect(Object.keys(event).filter((name) => !(name in schema.properties))).toEqual([]);
  const fields = schema.properties.data.properties;
  expect(Object.keys(event.data).filter((name) => !(name in fields))).toEqual([]);
});

const required: [string, string][] = [
  ...schema.required.map((name: string) => ['event', name] as [string, string]),
  ...schema.properties.data.required.map((name: string) => ['data', name] as [string, string]),
];

it.each(required)(
  'what lacks what the schema requires of the %s (%s) is read by no follower',
  (where, name) => {
    const event = JSON.parse(JSON.stringify(eventOf(confirmed)));
    delete (where === 'event' ? event : event.data)[name];
    expect(isEvent(event)).toBe(false);
    expect(decodeEvents(Buffer.from(JSON.stringify([event]))).events).toEqual([]);
  },
);

it('exchange, routing keys and content type are those of the code', () => {
  for (const word of [
    '`sluice.events`',
    eventBatchType,
    '`orders.confirmed`',
    '`orders.rejected`',
    '`orders.failed`',
  ]) {
    expect(page).toContain(word);
  }
});

it('docs/writing-a-follower.md shows the example as it is', () => {
  const guide = read('docs/writing-a-follower.md');
  for (const file of ['activity-log.ts', 'activity-log.sql', 'activity-log.test.ts']) {
    expect(guide, file).toContain(read(`src/events/followers/${file}`));
  }
});
