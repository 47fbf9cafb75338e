import { describe, expect, it } from 'vitest';
import { isLoopback, refuseForeignTargets } from './target-guard.ts';

describe('the target guard', () => {
  it.each([
    'http://127.0.0.1:8080',
    'http://127.9.9.9',
    'http://localhost:1',
    'http://[::1]:8080',
    'http://[::ffff:127.0.0.1]/',
  ])('lets %s through', (url) => {
    expect(isLoopback(new URL(url))).toBe(true);
  });

  it.each([
    'http://shop.example',
    'http://10.0.0.1',
    'http://127.0.0.1.shop.example',
    'http://localhost.shop.example',
    'http://0.0.0.0:8080',
    'http://[2001:db8::1]',
  ])('takes %s for somebody else’s', (url) => {
    expect(isLoopback(new URL(url))).toBe(false);
  });

  it('refuses if one of several targets is foreign, unless the caller owns them', () => {
    const targets = [new URL('http://127.0.0.1:1'), new URL('http://shop.example')];
    expect(() => refuseForeignTargets(targets, false)).toThrow(
      expect.objectContaining({ code: 'FOREIGN_TARGET', message: expect.stringContaining('shop.example') }),
    );
    expect(() => refuseForeignTargets(targets, true)).not.toThrow();
  });
});
