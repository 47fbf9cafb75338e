import type { Random } from '../../loadtest/random.ts';
import { wrongForm, wrongPage } from './hostile-pages.ts';

/** What the requests are aimed at: an open sale with stock. */
export interface Target {
  readonly saleId: string;
  readonly sku: string;
}

/**
 * One broken or hostile request as bytes. Never an order that could be taken: what asks for the real SKU is wrong in
 * a way that each kind guarantees, and what is mangled blindly asks for a SKU that does not exist.
 */
export function hostileRequest(random: Random, target: Target): Buffer {
  return random.pick(kinds)(random, target);
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

const goodOrder = (random: Random, sku: string) => ({
  transactionId: random.text(24, letters),
  sku,
  quantity: 1 + random.below(3),
  customerId: random.text(8, letters),
});

const noSku = 'zz.this-sku-is-nowhere.zz';

/** @param lines of the head, without the length; `body` gets a right one. */
function post(saleId: string, body: Buffer | string, headers: readonly string[] = []): Buffer {
  const bytes = Buffer.from(body as string);
  const type = headers.some((line) => /^content-type/i.test(line)) ? [] : ['Content-Type: application/json'];
  const head = [
    `POST /sales/${saleId}/orders HTTP/1.1`,
    'Host: fuzz',
    ...type,
    `Content-Length: ${bytes.length}`,
    ...headers,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
}

type Kind = (random: Random, target: Target) => Buffer;

/** A field with a value it can't have. */
const wrongField: Kind = (random, { saleId, sku }) => {
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

const missingField: Kind = (random, { saleId, sku }) => {
  const order: Record<string, unknown> = goodOrder(random, sku);
  delete order[random.pick(Object.keys(order))];
  return post(saleId, JSON.stringify(order));
};

const unknownField: Kind = (random, { saleId, sku }) => {
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
const notJson: Kind = (random, { saleId }) => {
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

const mangledBytes: Kind = (random, { saleId }) => {
  const bytes = post(saleId, JSON.stringify(goodOrder(random, noSku)), [
    `Idempotency-Key: ${random.text(12, letters)}`,
    'X-Forwarded-For: 203.0.113.7',
  ]);
  for (let i = 0; i <= random.below(8); i++) bytes[random.below(bytes.length)] = random.below(256);
  return random.chance(0.2) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
};

const notUtf8: Kind = (random, { saleId }) => post(saleId, random.bytes(1 + random.below(600)));

const wrongType: Kind = (random, { saleId, sku }) => {
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

const wrongKey: Kind = (random, { saleId, sku }) => {
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

const wrongPath: Kind = (random, { saleId, sku }) => {
  const paths = [
    `/sales/${saleId}%00/orders`,
    `/sales/%zz/orders`,
    `/sales/%c0%ae%c0%ae/orders`,
    `/sales/${'x'.repeat(random.below(9_000))}!/orders`,
    `/sales/../../etc/passwd`,
    `//sales//${saleId}//orders`,
    `/sales/__proto__/orders`,
    `/sales/constructor/orders`,
    `/sales/${saleId}/orders/${random.text(20, letters)}/events/more`,
    `/docs/static/..%2f..%2f..%2fpackage.json`,
    `/problems/__proto__`,
    `/${random.text(30, '/.%;?#&=')}`,
    '*',
    '',
  ];
  const path = random.pick(paths);
  const method = random.pick(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE']);
  const body = method === 'POST' ? JSON.stringify(goodOrder(random, sku)) : '';
  return Buffer.from(
    `${method} ${path} HTTP/1.1\r\nHost: fuzz\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    'latin1',
  );
};

const wrongStatusRequest: Kind = (random, { saleId }) => {
  const id = random.pick([
    'short',
    'x'.repeat(65),
    '%00%00%00%00%00%00%00%00',
    '__proto__',
    random.text(24, letters),
  ]);
  const tail = random.pick(['', '/events', '/', '?a[]=1&__proto__[x]=1']);
  return Buffer.from(`GET /sales/${saleId}/orders/${id}${tail} HTTP/1.1\r\nHost: fuzz\r\n\r\n`, 'latin1');
};

/** Two messages where one server sees one and another sees two. The second would be a good order. */
const smuggled: Kind = (random, { saleId, sku }) => {
  const inner = post(saleId, JSON.stringify(goodOrder(random, sku)));
  const head = (...lines: string[]) =>
    Buffer.from(
      `${[`POST /sales/${saleId}/orders HTTP/1.1`, 'Host: fuzz', 'Content-Type: application/json', ...lines].join('\r\n')}\r\n\r\n`,
      'latin1',
    );
  return random.pick([
    () =>
      Buffer.concat([
        head('Content-Length: 4', 'Transfer-Encoding: chunked'),
        Buffer.from('0\r\n\r\n'),
        inner,
      ]),
    () =>
      Buffer.concat([
        head('Transfer-Encoding: chunked', 'Transfer-Encoding: identity'),
        Buffer.from('0\r\n\r\n'),
        inner,
      ]),
    () => Buffer.concat([head('Content-Length: 0', `Content-Length: ${inner.length}`), inner]),
    () => Buffer.concat([head('Content-Length: +0'), inner]),
    () => Buffer.concat([head('Content-Length: -1'), inner]),
    () => Buffer.concat([head(`Content-Length: ${inner.length}`), inner]),
    () => Buffer.concat([head(' Transfer-Encoding: chunked'), inner]),
    () => Buffer.concat([head('Transfer-Encoding : chunked'), inner]),
    () => Buffer.concat([head('Transfer-Encoding: xchunked'), inner]),
    () => Buffer.concat([head('Transfer-Encoding: chunked'), Buffer.from('ffffffffffffffff0\r\n'), inner]),
    () => Buffer.concat([head('Transfer-Encoding: chunked'), Buffer.from('-5\r\n'), inner]),
    () => Buffer.concat([head('Transfer-Encoding: chunked'), Buffer.from('5;x="\r\n'), inner]),
  ])();
};

const strangeHead: Kind = (random, { saleId }) => {
  const body = JSON.stringify(goodOrder(random, noSku));
  const lines = [
    'no colon here',
    ': no name',
    'X-Nul: a\u0000b',
    `X-Long: ${'y'.repeat(random.below(20_000))}`,
    'Expect: 100-continue',
    'Expect: a-miracle',
    'Upgrade: h2c',
    'Connection: upgrade, close, keep-alive',
    'Content-Encoding: gzip',
    'Host: another',
    'Authorization: Bearer eyJhbGciOiJub25lIn0.e30.',
    `Cookie: ${'a=b; '.repeat(random.below(500))}`,
    'X-Forwarded-For: not an address, ::1, 127.0.0.1',
    'Range: bytes=0-',
    `Accept: ${'*/*,'.repeat(random.below(1_000))}`,
  ];
  const chosen = Array.from({ length: 1 + random.below(4) }, () => random.pick(lines));
  const end = random.pick(['\r\n', '\n', '\r\n\t folded\r\n']);
  const version = random.pick(['HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/9.9', 'http/1.1', '']);
  const method = random.pick(['POST', 'post', 'PRI', 'CONNECT', 'GET', 'X'.repeat(300), 'P\u0000ST']);
  const first = `${method} /sales/${saleId}/orders ${version}`;
  const all = [
    first,
    'Host: fuzz',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    ...chosen,
  ];
  return Buffer.from(`${all.join(end)}\r\n\r\n${body}`, 'latin1');
};

const wrongLength: Kind = (random, { saleId }) => {
  const body = JSON.stringify(goodOrder(random, noSku));
  const length = random.pick([
    body.length - 5,
    body.length + 50,
    99_999_999_999,
    8_193,
    '0x10',
    '1e3',
    'NaN',
    '',
  ]);
  return Buffer.from(
    `POST /sales/${saleId}/orders HTTP/1.1\r\nHost: fuzz\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`,
  );
};

const tooLarge: Kind = (random, { saleId, sku }) =>
  post(
    saleId,
    JSON.stringify({ ...goodOrder(random, sku), customerId: 'x'.repeat(8_192 + random.below(30_000)) }),
  );

const noise: Kind = (random) => random.bytes(1 + random.below(400));

const otherProtocol: Kind = (random) =>
  Buffer.from(
    random.pick([
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
      'SSH-2.0-fuzz\r\n',
      '*1\r\n$8\r\nFLUSHALL\r\n',
      'AMQP\u0000\u0000\u0009\u0001',
      'QUIT\r\n',
    ]),
    'latin1',
  );

const kinds: readonly Kind[] = [
  ...[
    wrongField,
    missingField,
    unknownField,
    notJson,
    mangledBytes,
    mangledBytes,
    notUtf8,
    wrongType,
    wrongKey,
  ],
  ...[
    wrongPath,
    wrongStatusRequest,
    smuggled,
    smuggled,
    strangeHead,
    wrongLength,
    tooLarge,
    noise,
    otherProtocol,
  ],
  ...[wrongForm, wrongPage],
];
