import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { parseSale, readSaleFile, SaleFileError } from './sale-file.ts';

const good = {
  saleId: 'spring',
  opensAt: '2030-01-01T10:00:00Z',
  closesAt: '2030-01-01T11:00:00+01:00',
  items: [{ sku: 'a', name: 'A', priceMinor: 100, stock: 0, customerLimit: 2 }],
};

function faultsOf(document: unknown): readonly string[] {
  try {
    parseSale(typeof document === 'string' ? document : JSON.stringify(document), 'sale.json');
  } catch (error) {
    if (error instanceof SaleFileError) return error.faults;
    throw error;
  }
  return [];
}

it('the same sale is read from JSON and from YAML', () => {
  const sale = { ...good, closesAt: '2030-01-01T12:00:00+01:00' };
  const yaml = `
saleId: spring
opensAt: "2030-01-01T10:00:00Z"
closesAt: 2030-01-01T12:00:00+01:00
items:
  - { sku: a, name: A, priceMinor: 100, stock: 0, customerLimit: 2 }
`;
  const read = parseSale(JSON.stringify(sale), 'sale.json');
  expect(read).toEqual({
    saleId: 'spring',
    opensAtMs: Date.UTC(2030, 0, 1, 10),
    closesAtMs: Date.UTC(2030, 0, 1, 11),
    items: good.items,
  });
  expect(parseSale(yaml, 'sale.yaml')).toEqual(read);
});

it('a sale comes from standard input where the file is called -, and so do its faults', async () => {
  const sale = { ...good, closesAt: '2030-01-02T00:00:00Z', items: [{ ...good.items[0]!, name: 'Đèn bàn' }] };
  const json = Buffer.from(JSON.stringify(sale));
  const wanted = parseSale(json.toString(), 'sale.json');
  const bytes = Array.from(json, (byte) => Buffer.of(byte));
  expect(await readSaleFile('-', Readable.from(bytes))).toEqual(wanted);
  const yaml = 'saleId: spring\nopensAt: 2030-01-01T10:00:00Z\ncloses';
  const rest = `At: 2030-01-02T00:00:00Z\nitems:\n  - ${JSON.stringify(sale.items[0])}\n`;
  expect(await readSaleFile('-', Readable.from([Buffer.from(yaml), Buffer.from(rest)]))).toEqual(wanted);
  await expect(readSaleFile('-', Readable.from([]))).rejects.toThrow(/^standard input is not a sale/);
});

it('all faults are named at once, with the file', () => {
  const faults = faultsOf({
    saleId: 'has space',
    opensAt: 'tomorrow',
    items: [
      { sku: 'a', name: '', priceMinor: -1, stock: 1.5 },
      { sku: 'b/c', priceMinor: 1, stock: -1, customerLimit: 0, colour: 'red' },
    ],
  });
  for (const place of [
    ...['saleId', 'opensAt', 'closesAt', 'items.0.name', 'items.0.priceMinor', 'items.0.stock'],
    ...['items.1.sku', "'name'", 'items.1.stock', 'items.1.customerLimit', '"colour"'],
  ]) {
    expect(
      faults.some((fault) => fault.includes(place)),
      place,
    ).toBe(true);
  }
  expect(() => parseSale('{}', 'spring.yaml')).toThrow(/^spring\.yaml is not a sale/);
});

it('times in the wrong order and a SKU that is there twice are faults', () => {
  expect(faultsOf(good)).toEqual(['closesAt must be later than opensAt']);
  expect(
    faultsOf({ ...good, closesAt: '2030-01-02T00:00:00Z', items: [good.items[0], good.items[0]] }),
  ).toEqual(['SKU a is there twice']);
});

it('what is no document, or no sale at all, is a fault rather than a crash', () => {
  for (const text of ['', 'null', '[]', '42', '{"saleId": ', 'a: [b', ': :', '\u0000']) {
    expect(faultsOf(text), JSON.stringify(text)).not.toEqual([]);
  }
});

it('a sale without items, or with a time without zone, is refused', () => {
  const closesAt = '2030-01-02T00:00:00Z';
  expect(faultsOf({ ...good, closesAt, items: [] }).join()).toContain('items');
  expect(faultsOf({ ...good, closesAt: '2030-01-02T00:00:00' }).join()).toContain('closesAt');
});
