import type { LetterChoice, ListedLetter } from '../ops/dead-letters.ts';
import type { ListedEventLetter } from '../ops/follower-letters.ts';
import { knownSale } from '../ops/known-sale.ts';
import { withOperations } from './operations.ts';

/** `sluice dead-letters list`, of orders or of a follower. */
export async function listDeadLetters(options: {
  json?: boolean;
  limit: number;
  follower?: string;
}): Promise<void> {
  const { json, limit, follower } = options;
  if (follower !== undefined) {
    const letters = await withOperations(({ followerLetters }) => followerLetters.list(follower, limit));
    return list(letters, json, 'event', ({ event }) => event?.id);
  }
  const letters = await withOperations(({ deadLetters }) => deadLetters.list(limit));
  list(letters, json, 'order', ({ order }) => {
    if (!order) return undefined;
    const { saleId, transactionId, quantity, sku, customerId } = order;
    return `${saleId} ${transactionId}: ${quantity} of ${sku} for ${customerId}`;
  });
}

/** `sluice dead-letters redrive` and `purge`; resolves with whether every letter that was meant is gone. */
export async function handleDeadLetters(
  action: 'redrive' | 'purge',
  choice: LetterChoice,
  options: { json?: boolean },
): Promise<boolean> {
  const handled = await withOperations(async ({ deadLetters, ledger }) => {
    const done = await deadLetters[action](choice);
    // A letter may name any sale; one that nobody names may be a slip of the hand.
    if (choice.saleId !== undefined && done.letters.length === 0) await knownSale(ledger, choice.saleId);
    return done;
  });
  const whatOf = ({ saleId, transactionId }: (typeof handled.letters)[number]) =>
    transactionId === null ? 'no order' : `${saleId} ${transactionId}`;
  return report(handled, options.json, whatOf, ['confirmed', 'purged', 'removed', 'kept']);
}

/** The same of a follower. */
export async function handleFollowerLetters(
  follower: string,
  action: 'redrive' | 'purge',
  choice: LetterChoice,
  options: { json?: boolean },
): Promise<boolean> {
  const handled = await withOperations(({ followerLetters }) => followerLetters[action](follower, choice));
  const whatOf = ({ eventId }: (typeof handled.letters)[number]) => eventId ?? 'no event';
  return report(handled, options.json, whatOf, ['redriven', 'purged', 'kept']);
}

/** @param whatOf the order or the event in a letter, for people; `undefined` where it holds none */
function list<Letter extends ListedLetter | ListedEventLetter>(
  letters: readonly Letter[],
  json: boolean | undefined,
  kind: 'order' | 'event',
  whatOf: (letter: Letter) => string | undefined,
): void {
  if (json) {
    console.log(JSON.stringify(letters, undefined, 2));
    return;
  }
  for (const letter of letters) {
    const { id, failedAt, reason, cause, history, content } = letter;
    console.log(`${id}  ${failedAt ?? 'at an unknown time'}`);
    console.log(`  ${whatOf(letter) ?? `no ${kind}: ${JSON.stringify((content ?? '').slice(0, 200))}`}`);
    console.log(`  ${reason}: ${cause}`);
    for (const line of history) console.log(`    ${line}`);
  }
  console.error(`${letters.length} dead letters`);
}

/** Says what became of letters; `true` where every letter that was meant is gone. */
function report<
  Letter extends { readonly id: string; readonly outcome: string; readonly because: string | null },
>(
  handled: { readonly letters: readonly Letter[]; readonly unknownIds: readonly string[] },
  json: boolean | undefined,
  whatOf: (letter: Letter) => string,
  outcomes: readonly Letter['outcome'][],
): boolean {
  const { letters, unknownIds } = handled;
  const count = (wanted: string) => letters.filter(({ outcome }) => outcome === wanted).length;
  if (json) console.log(JSON.stringify(handled, undefined, 2));
  else {
    for (const letter of letters) {
      const { id, outcome, because } = letter;
      console.log(`${outcome.padEnd(9)}  ${id}  ${whatOf(letter)}${because ? `  ${because}` : ''}`);
    }
    for (const id of unknownIds) console.error(`there is no dead letter ${id}`);
    console.error(outcomes.map((outcome) => `${count(outcome)} ${outcome}`).join(', '));
  }
  return unknownIds.length === 0 && count('kept') === 0;
}
