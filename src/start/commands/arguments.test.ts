import { expect, it } from 'vitest';
import { positiveNumber } from './arguments.ts';

it('a number from 1 to 999,999,999 is taken, anything else refused with that range', () => {
  expect(positiveNumber('1')).toBe(1);
  expect(positiveNumber('999999999')).toBe(999_999_999);
  for (const text of ['0', '-1', '01', '1.5', '1e3', '', 'many', '1000000000']) {
    expect(() => positiveNumber(text), text).toThrow('it must be a whole number, 1 to 999,999,999');
  }
});
