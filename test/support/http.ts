import { Pool } from 'undici';
import { expect } from 'vitest';

/** An answer with its body read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever the server sent
  readonly body: any;
}

export async function get(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') && text !== '';
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** Sends an order; a string or buffer goes out as it is. */
export function post(
  gatewayUrl: string,
  saleId: string,
  body: object | string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return get(`${gatewayUrl}/sales/${saleId}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: (typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)) as string,
  });
}

/** Expects a problem of this kind, as RFC 9457 has it, with or without `Retry-After`; resolves with its body. */
export function expectProblem(
  answer: Answer,
  status: number,
  name: string,
  { retryAfter }: { retryAfter: boolean } = { retryAfter: false },
) {
  expect({ status: answer.status, type: answer.body.type }).toEqual({ status, type: `/problems/${name}` });
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
  expect(answer.body).toMatchObject({ status, title: expect.any(String) });
  const after = answer.headers.get('retry-after');
  if (retryAfter) expect(after).toMatch(/^[1-9]\d*$/);
  else expect(after).toBeNull();
  return answer.body;
}

/**
 * Sends many orders at the same time, and those that are told to come back again; resolves with their last
 * answers. Lighter than as many calls of `post`.
 */
export async function crowd(
  gatewayUrl: string,
  saleId: string,
  orders: readonly object[],
): Promise<{ status: number; replayed: boolean }[]> {
  const endsAtMs = Date.now() + 15_000;
  const pool = new Pool(gatewayUrl, { connections: 50, pipelining: 20 });
  try {
    return await Promise.all(
      orders.map(async (order) => {
        for (;;) {
          const { statusCode, headers, body } = await pool.request({
            method: 'POST',
            path: `/sales/${saleId}/orders`,
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(order),
            idempotent: true,
          });
          await body.dump();
          const replayed = headers['idempotent-replayed'] === 'true';
          if (statusCode !== 503 || Date.now() > endsAtMs) return { status: statusCode, replayed };
        }
      }),
    );
  } finally {
    await pool.close();
  }
}
