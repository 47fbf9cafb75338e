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
