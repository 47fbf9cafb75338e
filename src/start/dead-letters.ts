import type { HandledLetters, LetterChoice, ListedLetter } from '../ops/dead-letters.ts';
import type { ListedEventLetter } from '../ops/follower-letters.ts';
import { knownSale } from '../ops/known-sale.ts';
import { type Operations, withOperations } from './operations.ts';

/** `sluice dead-letters list`, of orders or of a follower. */
export async function listDeadLetters(options: {
  json?: boolean;
  limit: number;
  follower?: string;
}): Promise<void> {
  const { follower } = options;
  if (follower !== undefined) {
    const letters = await withOperations(({ followerLetters }) =>
      followerLetters.list(follower, options.limit),
    );
    if (options.json) return console.log(JSON.stringify(letters, undefined, 2));
    for (const letter of letters) console.log(describeEventLetter(letter));
    console.error(`${letters.length} dead letters`);
    return;
  }
  const letters = await withLetters((deadLetters) => deadLetters.list(options.limit));
  if (options.json) return console.log(JSON.stringify(letters, undefined, 2));
  for (const letter of letters) console.log(describe(letter));
  console.error(`${letters.length} dead letters`);
}

/** `sluice dead-letters redrive` and `purge`; resolves with whether every letter that was meant is gone. */
export async function handleDeadLetters(
  action: 'redrive' | 'purge',
  choice: LetterChoice,
  options: { json?: boolean },
): Promise<boolean> {
  const handled = await withLetters(async (deadLetters, ledger) => {
    const done = await deadLetters[action](choice);
    // A letter may name any sale; one that nobody names may be a slip of the hand.
    if (choice.saleId !== undefined && done.letters.length === 0) await knownSale(ledger, choice.saleId);
    return done;
  });
  if (options.json) console.log(JSON.stringify(handled, undefined, 2));
  else print(handled);
  return handled.unknownIds.length === 0 && handled.letters.every(({ outcome }) => outcome !== 'kept');
}

/** The same of a follower. */
export async function handleFollowerLetters(
  follower: string,
  action: 'redrive' | 'purge',
  choice: LetterChoice,
  options: { json?: boolean },
): Promise<boolean> {
  const { letters, unknownIds } = await withOperations(({ followerLetters }) =>
    followerLetters[action](follower, choice),
  );
  if (options.json) console.log(JSON.stringify({ letters, unknownIds }, undefined, 2));
  else {
    for (const { id, eventId, outcome, because } of letters) {
      console.log(`${outcome.padEnd(9)}  ${id}  ${eventId ?? 'no event'}${because ? `  ${because}` : ''}`);
    }
    for (const id of unknownIds) console.error(`there is no dead letter ${id}`);
    const count = (wanted: string) => letters.filter(({ outcome }) => outcome === wanted).length;
    console.error(['redriven', 'purged', 'kept'].map((outcome) => `${count(outcome)} ${outcome}`).join(', '));
  }
  return unknownIds.length === 0 && letters.every(({ outcome }) => outcome !== 'kept');
}

function describeEventLetter({
  id,
  failedAt,
  reason,
  cause,
  history,
  event,
  content,
}: ListedEventLetter): string {
  const what = event ? event.id : `no event: ${JSON.stringify((content ?? '').slice(0, 200))}`;
  return [
    `${id}  ${failedAt ?? 'at an unknown time'}`,
    `  ${what}`,
    `  ${reason}: ${cause}`,
    ...history.map((line) => `    ${line}`),
  ].join('\n');
}

function withLetters<T>(
  work: (deadLetters: Operations['deadLetters'], ledger: Operations['ledger']) => Promise<T>,
): Promise<T> {
  return withOperations(({ deadLetters, ledger }) => work(deadLetters, ledger));
}

function describe({ id, failedAt, reason, cause, history, order, content }: ListedLetter): string {
  const what = order
    ? `${order.saleId} ${order.transactionId}: ${order.quantity} of ${order.sku} for ${order.customerId}`
    : `no order: ${JSON.stringify((content ?? '').slice(0, 200))}`;
  return [
    `${id}  ${failedAt ?? 'at an unknown time'}`,
    `  ${what}`,
    `  ${reason}: ${cause}`,
    ...history.map((line) => `    ${line}`),
  ].join('\n');
}

function print({ letters, unknownIds }: HandledLetters): void {
  for (const { id, saleId, transactionId, outcome, because } of letters) {
    const order = transactionId === null ? 'no order' : `${saleId} ${transactionId}`;
    console.log(`${outcome.padEnd(9)}  ${id}  ${order}${because ? `  ${because}` : ''}`);
  }
  for (const id of unknownIds) console.error(`there is no dead letter ${id}`);
  const count = (wanted: string) => letters.filter(({ outcome }) => outcome === wanted).length;
  const outcomes = ['confirmed', 'purged', 'removed', 'kept'] as const;
  console.error(outcomes.map((outcome) => `${count(outcome)} ${outcome}`).join(', '));
}
