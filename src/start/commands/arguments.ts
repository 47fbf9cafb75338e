import { InvalidArgumentError } from 'commander';

/** A count of at least 1. */
export function positiveNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('it must be a whole number from 1 up');
  return Number(text);
}

/** A whole number; whether it is a cap that may be set, the ledger decides. */
export function wholeNumber(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new InvalidArgumentError('it must be a whole number from 1 to 1,000,000');
  return Number(text);
}
