import { expect, it } from 'vitest';
import { matches } from './replay.ts';

it.each([
  ['orders.confirmed', true],
  ['orders.*', true],
  ['orders.#', true],
  ['#', true],
  ['*.confirmed', true],
  ['#.confirmed', true],
  ['orders.#.confirmed', true],
  ['*', false],
  ['orders', false],
  ['orders.rejected', false],
  ['orders.*.confirmed', false],
  ['', false],
])('the pattern %j means the key orders.confirmed: %s', (pattern, wanted) => {
  expect(matches(pattern, 'orders.confirmed')).toBe(wanted);
});
