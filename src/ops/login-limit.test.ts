import { expect, it } from 'vitest';
import { createLoginLimit } from './login-limit.ts';

it('an address has ten failures, then one every six seconds; others have their own', () => {
  let nowMs = 1_000_000;
  const limit = createLoginLimit({ clock: { monotonicMs: () => nowMs } });
  for (let i = 0; i < 10; i++) {
    expect(limit.waitSeconds('a')).toBe(0);
    limit.failed('a');
  }
  expect(limit.waitSeconds('a')).toBe(6);
  expect(limit.waitSeconds('b')).toBe(0);
  nowMs += 6_000;
  expect(limit.waitSeconds('a')).toBe(0);
  limit.failed('a');
  expect(limit.waitSeconds('a')).toBe(6);
  nowMs += 60_000;
  for (let i = 0; i < 10; i++) limit.failed('a');
  expect(limit.waitSeconds('a')).toBe(6);
});

it('a crowd of addresses costs bounded memory, and shares what is left', () => {
  let nowMs = 1_000_000;
  const limit = createLoginLimit({ clock: { monotonicMs: () => nowMs } });
  for (let i = 0; i < 20_000; i++) limit.failed(`address ${i}`);
  expect(limit.size()).toBeLessThanOrEqual(10_001);
  expect(limit.waitSeconds('yet another')).toBeGreaterThan(0);
  nowMs += 100_000_000;
  expect(limit.waitSeconds('yet another')).toBe(0);
});
