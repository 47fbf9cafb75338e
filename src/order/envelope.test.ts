import { expect, it } from 'vitest';
import { decodeEnvelope } from './envelope.ts';

const row = ['transaction-1', 'sku', 1, 'customer', 1, 1_700_000_000_000];
const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

it('gives an order its trace, and minds none that it can’t place', () => {
  const read = (traces: unknown) =>
    decodeEnvelope(Buffer.from(JSON.stringify({ v: 1, sale: 'sale', orders: [row], traces }))).orders;
  expect(read([[0, trace]])).toMatchObject([{ transactionId: 'transaction-1', traceparent: trace }]);
  const misplaced = ['__proto__', 'map', 'length', '0', 1, -1, 0.5, null, {}, []];
  for (const place of misplaced) {
    const orders = read([[place, trace]]);
    expect([...orders], String(place)).toEqual([expect.not.objectContaining({ traceparent: trace })]);
  }
});
