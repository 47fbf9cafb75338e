import type { Random } from '../../loadtest/random.ts';

/** What the requests are aimed at: an open sale with stock. */
export interface Target {
  readonly saleId: string;
  readonly sku: string;
}

/** Makes one request of a kind as bytes. */
export type Kind = (random: Random, target: Target) => Buffer;

export const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

export const goodOrder = (random: Random, sku: string) => ({
  transactionId: random.text(24, letters),
  sku,
  quantity: 1 + random.below(3),
  customerId: random.text(8, letters),
});

export const noSku = 'zz.this-sku-is-nowhere.zz';

/**
 * A POST of an order.
 *
 * @param headers lines of the head, without the length; `body` gets a right one
 */
export function post(saleId: string, body: Buffer | string, headers: readonly string[] = []): Buffer {
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
