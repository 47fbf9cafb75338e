import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem, get } from '../../../test/support/http.ts';
import { createRig, type Rig, type RunningRole } from '../../../test/support/rig.ts';

let rig: Rig;
let gateway: RunningRole;
let saleId: string;

const oddName = '<script>alert("&")</script>';

beforeAll(async () => {
  rig = await createRig();
  gateway = await rig.gateway();
  saleId = await rig.sale([
    { sku: 'lamp', stock: 10, name: oddName },
    { sku: 'gone', stock: 0 },
  ]);
});
afterAll(() => rig?.close());

const fields = () => ({
  sale: saleId,
  transactionId: randomUUID(),
  sku: 'lamp',
  quantity: '1',
  customerId: 'ada',
});
const order = (form: Record<string, string>, headers: Record<string, string> = {}, url = gateway.url) =>
  get(`${url}/shop/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(form).toString(),
    redirect: 'manual',
  });
const claims = async () => (await rig.claims.counters(saleId))!.sequence;

describe('the page', () => {
  it('and all it loads may be kept, and is not sent twice', async () => {
    const page = await get(`${gateway.url}/?sale=${saleId}`);
    expect(page.status).toBe(200);
    expect(page.headers.get('vary')).toBe('accept-language, accept-encoding');
    const parts = [...String(page.body).matchAll(/(?:href|src)="(\/shop\/assets\/[^"]+)"/g)].map(
      (m) => m[1]!,
    );
    expect(parts.length).toBeGreaterThan(5);
    for (const path of [`/?sale=${saleId}`, ...new Set(parts)]) {
      const first = await get(gateway.url + path);
      expect(first.status, path).toBe(200);
      expect(first.headers.get('cache-control'), path).toMatch(/max-age=\d+/);
      const etag = first.headers.get('etag')!;
      const again = await get(gateway.url + path, { headers: { 'if-none-match': etag } });
      expect(again, path).toMatchObject({ status: 304, body: '' });
    }
    const [, version] = /assets\/([^/]+)\//.exec(parts[0]!)!;
    const other = await get(gateway.url + parts[0]!.replace(version!, 'another-release'));
    expect(other.status).toBe(200);
    expect(other.headers.get('cache-control')).toBe('no-cache');
    expectProblem(await get(`${gateway.url}/shop/assets/${version}/no-such.js`), 404, 'not-found');
  });

  it('allows no script or style of its own text, no other host and no frame', async () => {
    for (const path of [
      `/?sale=${saleId}`,
      '/',
      `/shop/form?sale=${saleId}`,
      '/shop/form?sale=none',
      '/?sale=none',
    ]) {
      const { headers, body } = await get(gateway.url + path);
      const policy = headers.get('content-security-policy');
      expect(policy, path).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
      expect(policy, path).toMatch(/frame-ancestors 'none'/);
      expect(policy, path).not.toMatch(/unsafe|http|\*/);
      expect(body, path).not.toMatch(/<style|<script(?![^>]* src=)|\son[a-z]+=|style="/);
      expect(headers.get('referrer-policy'), path).toBe('no-referrer');
    }
  });

  it('shows names as text', async () => {
    for (const path of [`/?sale=${saleId}`, `/shop/form?sale=${saleId}`, '/']) {
      const { body } = await get(gateway.url + path);
      if (path !== '/') expect(body).toContain('&lt;script&gt;alert(&quot;&amp;&quot;)');
      expect(body).not.toContain('alert("');
    }
  });

  it('lists the sales where there are several, and where the one asked for is not there', async () => {
    const another = await rig.sale([{ sku: 'rug', stock: 1, name: 'Rug' }], { opensInMs: 60_000 });
    const list = await get(`${gateway.url}/`);
    expect(list.status).toBe(200);
    expect(list.body).toContain(`/?sale=${another}`);
    expect(list.body).toContain(`/?sale=${saleId}`);
    const unknown = await get(`${gateway.url}/?sale=%3Cb%3E`);
    expect(unknown).toMatchObject({ status: 404, body: expect.stringContaining(`/?sale=${another}`) });
    expect(unknown.body).not.toContain('<b>');
  });
});

describe('the form', () => {
  it('holds a transaction ID of its own each time', async () => {
    const idIn = async () =>
      /name="transactionId" value="([^"]+)"/.exec(
        (await get(`${gateway.url}/shop/form?sale=${saleId}`)).body,
      )![1];
    const [one, two] = [await idIn(), await idIn()];
    expect(one).toMatch(/^[0-9a-f-]{36}$/);
    expect(one).not.toBe(two);
  });

  it('orders once however often it is sent, and leads to the order', async () => {
    const before = await claims();
    const form = fields();
    for (const answer of [await order(form), await order(form), await order({ ...form, lang: 'vi' })]) {
      expect(answer.status).toBe(303);
      expect(answer.headers.get('location')).toMatch(`/shop/orders/${saleId}/${form.transactionId}`);
    }
    expect(await claims()).toBe(before + 1);
    const page = await get(`${gateway.url}/shop/orders/${saleId}/${form.transactionId}?lang=vi`);
    expect(page).toMatchObject({ status: 200, body: expect.stringContaining('Bạn đang trong hàng chờ') });
    expect(page.body).not.toContain('http-equiv');
    expect(page.body).toMatch(/<a [^>]*href="">Xem lại</);
    expect(page.headers.get('cache-control')).toBe('no-store');
  });

  it('says in words why an order was not taken, and offers the same one again where that can help', async () => {
    const refusals = [
      { with: { sku: 'gone' }, status: 409, says: 'Sold out' },
      { with: { sku: 'none' }, status: 404, says: 'no longer in the sale' },
      { with: { sale: 'none' }, status: 404, says: 'There is no such sale' },
      { with: { quantity: '0' }, status: 400, says: 'Something in the order is not right' },
      { with: { quantity: '1e3' }, status: 400, says: 'Something in the order is not right' },
      { with: { customerId: 'Đặng Thị' }, status: 400, says: 'Something in the order is not right' },
      { with: { customerId: '"><b>' }, status: 303, says: '' },
      { with: { transactionId: 'x' }, status: 400, says: 'Something in the order is not right' },
      { with: { more: '1' }, status: 400, says: 'Something in the order is not right' },
      { with: { lang: 'vi', sku: 'gone' }, status: 409, says: 'Hết hàng' },
    ];
    for (const refusal of refusals) {
      const answer = await order({ ...fields(), ...refusal.with });
      expect(answer.status, JSON.stringify(refusal.with)).toBe(refusal.status);
      expect(answer.body).toContain(refusal.says);
      if (refusal.status !== 303) expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
      expect(answer.body).not.toMatch(/name="transactionId"/);
    }
    const early = await rig.sale([{ sku: 'lamp', stock: 1 }], { opensInMs: 60_000 });
    const form = { ...fields(), sale: early, customerId: '"><b>' };
    const answer = await order(form);
    expect(answer.status).toBe(403);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(answer.body).toContain(`name="transactionId" value="${form.transactionId}"`);
    expect(answer.body).toContain('value="&quot;&gt;&lt;b&gt;"');
  });

  it('on another site orders nothing', async () => {
    const before = await claims();
    const origin = new URL(gateway.url).origin;
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin },
      { origin: 'https://elsewhere.example' },
    ]) {
      expect((await order(fields(), headers)).status).toBe(400);
    }
    expect(await claims()).toBe(before);
    expect((await order(fields(), { 'sec-fetch-site': 'same-origin', origin: 'null' })).status).toBe(303);
    expect((await order(fields(), { origin })).status).toBe(303);
  });

  it('is read by its own route alone: the API takes JSON', async () => {
    const answer = await get(`${gateway.url}/sales/${saleId}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields()).toString(),
    });
    expectProblem(answer, 415, 'unsupported-media-type');
  });

  it('counts with the orders, refused ones too', async () => {
    const before = await gateway.metric('sluice_orders_total', { outcome: 'sold-out' });
    const invalid = await gateway.metric('sluice_orders_total', { outcome: 'invalid' });
    await order({ ...fields(), sku: 'gone' });
    await order({ ...fields(), quantity: 'many' });
    expect(await gateway.metric('sluice_orders_total', { outcome: 'sold-out' })).toBe(before + 1);
    expect(await gateway.metric('sluice_orders_total', { outcome: 'invalid' })).toBe(invalid + 1);
  });

  it('a client over its limit is told to wait, with its order kept in the form', async () => {
    const limited = await rig.gateway({ CLIENT_MAX_REQUESTS_PER_SECOND: '1', TRUST_PROXY: '127.0.0.1' });
    const form = fields();
    const from = { 'x-forwarded-for': '192.0.2.7' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => order(form, from, limited.url)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(1);
    for (const { body } of refused) {
      expect(body).toContain(`name="transactionId" value="${form.transactionId}"`);
    }
    await limited.stop();
  });
});
