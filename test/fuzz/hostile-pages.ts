import type { Random } from '../../loadtest/random.ts';

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const markup = '"><script>alert(1)</script>';

/** A form with one thing in it that no order can have. */
export function wrongForm(random: Random, { saleId, sku }: { saleId: string; sku: string }): Buffer {
  const fields = {
    sale: saleId,
    transactionId: random.text(24, letters),
    sku,
    quantity: '1',
    customerId: random.text(8, letters),
    lang: random.pick(['en', 'vi']),
  };
  const name = random.pick(Object.keys(fields));
  const wrong = random.pick([
    encodeURIComponent(`${markup} `),
    '%00',
    '%zz\u0001',
    '',
    '+',
    'x'.repeat(random.below(4_000) + 200),
    `1&${name}=1`,
    '%F0%9F%92%A5',
  ]);
  const pairs = Object.entries(fields).map(([key, value]) => `${key}=${key === name ? wrong : value}`);
  const extra = random.pick(['', '', '&__proto__=1', '&constructor[prototype]=1', '&'.repeat(500), '=&=']);
  const body = pairs.join('&') + extra;
  const type = random.pick([
    'application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded; charset=utf-16',
    'multipart/form-data; boundary=x',
    'application/json',
  ]);
  return Buffer.from(
    `POST /shop/orders HTTP/1.1\r\nHost: fuzz\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** A page asked for in a way that no browser asks. */
export function wrongPage(random: Random, { saleId }: { saleId: string }): Buffer {
  const id = random.text(24, letters);
  const path = random.pick([
    '/',
    '/shop/form',
    `/shop/orders/${saleId}/${id}`,
    `/shop/orders/${encodeURIComponent(markup)}/${id}`,
    '/shop/assets/x/..%2f..%2f..%2fpackage.json',
    '/shop/assets/__proto__/constructor',
    '/shop/assets/%00/shop.js',
  ]);
  const query = random.pick([
    `?sale=${encodeURIComponent(markup)}`,
    `?sale=${saleId}&sale=${saleId}&lang[]=vi`,
    '?sale=__proto__&lang=constructor',
    `?${'sale=x&'.repeat(400)}`,
    '?lang=../../../../etc/passwd',
    '?sale=%ff%fe',
    '',
  ]);
  const language = random.pick([
    'vi;q=x',
    ';'.repeat(4_000),
    ',,;q=,',
    '*',
    `${random.text(40, 'vie-n;q=.,0')}`,
  ]);
  const known = random.pick(['W/"', '*', '"'.repeat(1_000), ',']);
  return Buffer.from(
    `GET ${path}${query} HTTP/1.1\r\nHost: fuzz\r\nAccept-Language: ${language}\r\nIf-None-Match: ${known}\r\n\r\n`,
  );
}
