import type { Answer } from './response-parser.ts';

/** How an order's request ended, as the shopper sees it; the order of the list is that of the tables. */
export const OUTCOMES = [
  'accepted',
  'replayed',
  'sold-out',
  'refused-limit',
  'rate-limited',
  'unavailable',
  'outcome-unknown',
  'client-error',
  'server-error',
  'network-error',
  'timeout',
] as const;

export type Outcome = (typeof OUTCOMES)[number];

/**
 * Outcomes that a healthy sale never shows. `rate-limited` and `unavailable` are two: the crowd was turned away without a
 * reason of its own.
 */
export const ERRORS: readonly Outcome[] = [
  'rate-limited',
  'unavailable',
  'outcome-unknown',
  'client-error',
  'server-error',
  'network-error',
  'timeout',
];

/** What an answer of the order endpoint says, by its status. */
export function outcomeOf({
  status,
  replayed,
  outcomeUnknown,
}: Pick<Answer, 'status' | 'replayed' | 'outcomeUnknown'>): Outcome {
  if (status === 202 || status === 200)
    return replayed ? 'replayed' : status === 202 ? 'accepted' : 'server-error';
  if (status === 409) return 'sold-out';
  if (status === 403) return 'refused-limit';
  if (status === 429) return 'rate-limited';
  if (status === 503) return outcomeUnknown ? 'outcome-unknown' : 'unavailable';
  return status >= 400 && status < 500 ? 'client-error' : 'server-error';
}
