import { goodOrder, type Kind, letters, noSku, post } from './hostile-order.ts';

// Orders that are wrong in what they say.

/** A field with a value it can't have. */
export const wrongField: Kind = (random, { saleId, sku }) => {
  const strange = [
    null,
    true,
    {},
    [],
    [1],
    '',
    ' ',
    '\u0000',
    'x'.repeat(5_000),
    -1,
    0,
    1.5,
    1e308,
    '💥',
    'a b',
  ];
  const field = random.pick(['transactionId', 'sku', 'quantity', 'customerId'] as const);
  return post(saleId, JSON.stringify({ ...goodOrder(random, sku), [field]: random.pick(strange) }));
};

export const missingField: Kind = (random, { saleId, sku }) => {
  const order: Record<string, unknown> = goodOrder(random, sku);
  delete order[random.pick(Object.keys(order))];
  return post(saleId, JSON.stringify(order));
};

export const unknownField: Kind = (random, { saleId, sku }) => {
  const names = [
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'price',
    'Quantity',
    '$where',
    'x'.repeat(2_000),
    '',
  ];
  const extra = JSON.stringify(random.pick(names));
  const value = random.pick(['1', '{"polluted":1}', '{"prototype":{"polluted":1}}', '"x"', 'null']);
  const text = JSON.stringify(goodOrder(random, sku));
  return post(
    saleId,
    random.chance(0.5) ? `{${extra}:${value},${text.slice(1)}` : `${text.slice(0, -1)},${extra}:${value}}`,
  );
};

/** Not JSON, or not what a parser should swallow. */
export const notJson: Kind = (random, { saleId }) => {
  const text = JSON.stringify(goodOrder(random, noSku));
  const deep = 1 + random.below(4_000);
  return post(
    saleId,
    random.pick([
      text.slice(0, random.below(text.length)),
      `${text}${text}`,
      `\ufeff${text}`,
      `//${text}`,
      '['.repeat(deep),
      `${'['.repeat(deep)}${']'.repeat(deep)}`,
      `${'{"a":'.repeat(Math.ceil(deep / 4))}1${'}'.repeat(Math.ceil(deep / 4))}`,
      `{"quantity":${'9'.repeat(deep)}}`,
      text.replace('"quantity":', '"quantity":0x'),
      text.replace('"sku":', '"sku":"other","sku":'),
      '"\\ud800"',
      '{"sku":NaN}',
    ]),
  );
};

export const mangledBytes: Kind = (random, { saleId }) => {
  const bytes = post(saleId, JSON.stringify(goodOrder(random, noSku)), [
    `Idempotency-Key: ${random.text(12, letters)}`,
    'X-Forwarded-For: 203.0.113.7',
  ]);
  for (let i = 0; i <= random.below(8); i++) bytes[random.below(bytes.length)] = random.below(256);
  return random.chance(0.2) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
};

export const notUtf8: Kind = (random, { saleId }) => post(saleId, random.bytes(1 + random.below(600)));

export const wrongType: Kind = (random, { saleId, sku }) => {
  const types = [
    'text/plain',
    'application/xml',
    'multipart/form-data; boundary=x',
    '',
    'a/b;c',
    'json',
    '*/*',
  ];
  return post(saleId, JSON.stringify(goodOrder(random, sku)), [`Content-Type: ${random.pick(types)}`]);
};

export const wrongKey: Kind = (random, { saleId, sku }) => {
  const keys = [
    '""',
    '"',
    'short',
    'x'.repeat(65),
    'has space in it',
    '\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9',
    'another-transaction-id',
  ];
  return post(saleId, JSON.stringify(goodOrder(random, sku)), [`Idempotency-Key: ${random.pick(keys)}`]);
};
