import { InvalidArgumentError } from 'commander';
import { capRange } from '../../ledger/cap-rule.ts';

// Not toLocaleString: its tables take 20 ms to load, and this runs with every command.
const count = (value: number) => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

/** What a cap may be, for people. */
export const capRangeText = `${count(capRange.min)} to ${count(capRange.max)}`;

const largestNumber = 999_999_999;

/** A count of at least 1. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!/^[1-9]\d*$/.test(text) || value > largestNumber) {
    throw new InvalidArgumentError(`it must be a whole number, 1 to ${count(largestNumber)}`);
  }
  return value;
}

/** Orders per second that may be drained. */
export function capNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < capRange.min || value > capRange.max) {
    throw new InvalidArgumentError(`it must be a whole number of orders per second, ${capRangeText}`);
  }
  return value;
}
