import { expect, it } from 'vitest';
import { httpUrl } from './http-url.ts';

it('is a URL for names and for addresses of either kind', () => {
  for (const [host, origin] of [
    ['127.0.0.1', 'http://127.0.0.1:81'],
    ['::1', 'http://[::1]:81'],
    ['gateway.internal', 'http://gateway.internal:81'],
  ] as const) {
    expect(new URL(httpUrl(host, 81)).origin).toBe(origin);
  }
});
