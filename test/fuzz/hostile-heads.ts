import { goodOrder, type Kind, letters, noSku, post } from './hostile-order.ts';

// Requests that are wrong in how they are sent.

export const wrongPath: Kind = (random, { saleId, sku }) => {
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

export const wrongStatusRequest: Kind = (random, { saleId }) => {
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
export const smuggled: Kind = (random, { saleId, sku }) => {
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

export const strangeHead: Kind = (random, { saleId }) => {
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

export const wrongLength: Kind = (random, { saleId }) => {
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

export const tooLarge: Kind = (random, { saleId, sku }) =>
  post(
    saleId,
    JSON.stringify({ ...goodOrder(random, sku), customerId: 'x'.repeat(8_192 + random.below(30_000)) }),
  );

export const noise: Kind = (random) => random.bytes(1 + random.below(400));

export const otherProtocol: Kind = (random) =>
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
