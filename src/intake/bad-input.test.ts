import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { expectProblem, get, post } from '../../test/support/http.ts';
import { createRig, newOrder, type Rig, type RunningRole } from '../../test/support/rig.ts';

let rig: Rig;
let gateway: RunningRole;
let saleId: string;

beforeAll(async () => {
  rig = await createRig();
  gateway = await rig.gateway();
  saleId = await rig.sale([{ sku: 'sku', stock: 100 }]);
});
afterAll(() => rig.close());

/** Whatever was sent: nothing was claimed, and the next shopper is served. */
afterEach(async () => {
  const { items, sequence } = (await rig.claims.counters(saleId))!;
  expect({ left: items[0]!.left, sequence }).toEqual({ left: 100, sequence: 0 });
  expectProblem(await post(gateway.url, saleId, newOrder({ sku: 'other' })), 404, 'unknown-sku');
});

const place = (body: object | string | Buffer, headers?: Record<string, string>) =>
  post(gateway.url, saleId, body, headers);
const good = () => newOrder({ sku: 'sku' });

/** Sends bytes; resolves with everything the server says until it closes. */
async function talk(...parts: string[]): Promise<string> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  let said = '';
  socket.on('data', (data) => {
    said += data;
  });
  socket.on('error', () => undefined);
  for (const part of parts) socket.write(part);
  await once(socket, 'close');
  return said;
}

it('each malformed field is named', async () => {
  const cases: [field: string, value: unknown][] = [
    ...[null, 1, 'short', 'x'.repeat(65), 'eight chars', 'tab\tin-it!', {}, []].map(
      (value): [string, unknown] => ['transactionId', value],
    ),
    ...[null, 7, '', 'a b', 'x'.repeat(65), 'nul\u0000', 'line\n', '../x', {}, true].map(
      (value): [string, unknown] => ['sku', value],
    ),
    ...[null, '1', 0, -1, 1.5, 1_001, 1e21, true, [1], {}].map((value): [string, unknown] => [
      'quantity',
      value,
    ]),
    ...[null, 7, '', 'a b', 'x'.repeat(129), 'ünicode', 'bell\u0007', ['a']].map(
      (value): [string, unknown] => ['customerId', value],
    ),
  ];
  for (const [field, value] of cases) {
    const answer = await place({ ...good(), [field]: value });
    const { errors, detail } = expectProblem(answer, 400, 'invalid');
    expect(
      errors.map((error: { field: string }) => error.field),
      JSON.stringify(value),
    ).toEqual([field]);
    expect(detail).toContain(field);
  }
});

it('each missing field is named, all at once', async () => {
  const { errors } = expectProblem(await place({ transactionId: 'a-transaction' }), 400, 'invalid');
  expect(errors.map((error: { field: string }) => error.field).sort()).toEqual([
    'customerId',
    'quantity',
    'sku',
  ]);
});

it('an unknown field is refused by its name', async () => {
  const { errors } = expectProblem(await place({ ...good(), price: 0 }), 400, 'invalid');
  expect(errors).toEqual([{ field: 'price', message: expect.stringContaining('price') }]);
});

it('what is not a JSON object is refused', async () => {
  for (const body of ['{"sku":', '', 'null', '[]', '"text"', '42', '{"sku":"sku"}}', '\u0000', '{"a":NaN}']) {
    const { errors } = expectProblem(await place(body), 400, 'invalid');
    expect(errors[0].field, JSON.stringify(body)).toBe('body');
  }
  expectProblem(await place(Buffer.from([0xff, 0xfe, 0x7b])), 400, 'invalid');
});

it('a body that reaches for the prototype is refused and pollutes nothing', async () => {
  const text = JSON.stringify(good()).slice(0, -1);
  for (const extra of ['"__proto__":{"polluted":1}', '"constructor":{"prototype":{"polluted":1}}']) {
    expectProblem(await place(`${text},${extra}}`), 400, 'invalid');
  }
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

it('a huge body is refused without being read', async () => {
  const answer = await place({ ...good(), customerId: 'x'.repeat(9_000) });
  expect(expectProblem(answer, 413, 'too-large').errors[0].field).toBe('body');
  const said = await talk(
    `POST /sales/${saleId}/orders HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n` +
      'Content-Length: 99999999999\r\nConnection: close\r\n\r\n{',
  );
  expect(said).toMatch(/^HTTP\/1\.1 413 /);
});

it('only JSON is taken', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'json']) {
    const answer = await place(JSON.stringify(good()), { 'content-type': type });
    expect(expectProblem(answer, 415, 'unsupported-media-type').errors[0].field).toBe('Content-Type');
  }
});

it('a malformed sale in the path is named, and a path that makes no sense is a problem too', async () => {
  for (const id of ['a%20b', '%00', 'x'.repeat(65), 'a%2Fb']) {
    expect(expectProblem(await post(gateway.url, id, good()), 400, 'invalid').errors[0].field).toBe('saleId');
  }
  expectProblem(await post(gateway.url, '%zz', good()), 400, 'invalid');
  expectProblem(await get(`${gateway.url}/nothing/here`), 404, 'not-found');
  expectProblem(await get(`${gateway.url}/sales/${saleId}/orders`, { method: 'DELETE' }), 404, 'not-found');
});

it('a crowd of invented SKUs and sales costs Redis nothing', async () => {
  const keysBefore = await rig.claims.counters(saleId);
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      i % 2
        ? place(newOrder({ sku: `invented-${i}` }))
        : post(gateway.url, `invented-${i}`, newOrder({ sku: 'sku' })),
    ),
  );
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([404]));
  expect(await rig.claims.counters(saleId)).toEqual(keysBefore);
});

it('a flood of headers is refused', async () => {
  const flood = Array.from({ length: 2_000 }, (_, i) => `X-${i}: ${'y'.repeat(20)}\r\n`).join('');
  const said = await talk(`POST /sales/${saleId}/orders HTTP/1.1\r\nHost: h\r\n${flood}\r\n`);
  expect(said).toMatch(/^HTTP\/1\.1 431 /);
  expect(said).toContain('Content-Type: application/problem+json');
});

it('what is not HTTP is refused', async () => {
  for (const bytes of [
    '\u0000\u0001\u0002\r\n\r\n',
    'GET\r\n\r\n',
    'POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n',
  ]) {
    const said = await talk(bytes);
    expect(said).toMatch(/^HTTP\/1\.1 400 /);
    expect(said).toContain('/problems/invalid');
  }
});

it('a request that does not arrive is ended with 408, and holds nobody else up', async () => {
  const start = `POST /sales/${saleId}/orders HTTP/1.1\r\nHost: h\r\n`;
  const waiting = Promise.all([
    talk(start),
    talk(`${start}Content-Type: application/json\r\nContent-Length: 90\r\n\r\n{"sku":`),
    ...Array.from({ length: 50 }, () => talk(start)),
  ]);
  expectProblem(await place(newOrder({ sku: 'other' })), 404, 'unknown-sku');
  for (const said of await waiting) {
    expect(said).toMatch(/^HTTP\/1\.1 408 /);
    expect(said).toContain('/problems/request-timeout');
  }
}, 20_000);

it('who goes on sending after a 408 is cut off all the same', async () => {
  const { hostname, port } = new URL(gateway.url);
  const client = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  client.on('error', () => undefined);
  client.write('POST /sales/any/orders HTTP/1.1\r\nHost: h\r\nX-Slow: ');
  const trickle = setInterval(() => client.write('x'), 50);
  let said = '';
  client.on('data', (data) => {
    said += data;
  });
  await new Promise((resolve) => client.on('close', resolve));
  clearInterval(trickle);
  expect(said).toMatch(/^HTTP\/1\.1 408 /);
}, 30_000);

it('none of it was counted as a fault of ours', async () => {
  const invalid = await gateway.metric('sluice_orders_total', { outcome: 'invalid' });
  expect(invalid).toBeGreaterThan(40);
  expect(await gateway.metric('sluice_inflight_requests')).toBe(0);
  expect((await get(`${gateway.url}/livez`)).status).toBe(200);
});

it('what is no HTTP behind an order is not answered in the order’s place', async () => {
  const body = JSON.stringify(newOrder({ sku: 'other' }));
  const head = `POST /sales/${saleId}/orders HTTP/1.1\r\nhost: sluice\r\ncontent-type: application/json\r\n`;
  const said = await talk(`${head}content-length: ${body.length}\r\n\r\n${body}no HTTP\r\n\r\n`);
  expect(said).not.toMatch(/^HTTP\/1\.1 400/);
});

it('HEAD is answered as GET is, without the body', async () => {
  for (const path of ['/', '/livez', '/readyz', '/sales', `/sales/${saleId}`]) {
    const { status, body } = await get(gateway.url + path, { method: 'HEAD' });
    expect({ status, body }, path).toEqual({ status: 200, body: '' });
  }
});
