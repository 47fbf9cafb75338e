import { createHash, randomUUID } from 'node:crypto';
import type { GetMessage } from 'amqplib';
import type { ClaimedOrder } from '../order/order.ts';
import type { DeadLetter, DeadLetterView } from '../order/ports/queue.ts';

/**
 * A message of `sluice.orders.dead`: the order as JSON, or the bytes that could not be decoded, as
 * `application/octet-stream`; what happened stands in the headers `sluice-reason`, `sluice-cause`,
 * `sluice-failed-at-ms` and `sluice-history`; the letter's ID in `sluice-letter-id`.
 */
export function encodeDeadLetter(letter: DeadLetter): {
  content: Buffer;
  headers: Record<string, unknown>;
} {
  return {
    content: letter.order ? Buffer.from(JSON.stringify(letter.order)) : (letter.content ?? Buffer.alloc(0)),
    headers: letterHeaders(letter, letter.order ? 'order' : 'bytes'),
  };
}

/** What a letter says besides its content. */
export interface LetterStory {
  readonly reason: string;
  readonly cause: string;
  readonly failedAtMs: number;
  readonly history: readonly string[];
}

export function letterHeaders(story: LetterStory, holds: string): Record<string, unknown> {
  return {
    'sluice-letter-id': randomUUID(),
    'sluice-holds': holds,
    'sluice-reason': story.reason,
    'sluice-cause': story.cause,
    'sluice-failed-at-ms': story.failedAtMs,
    'sluice-history': [...story.history],
  };
}

/** Reads what `encodeDeadLetter` wrote; a message of another make is shown by its bytes. */
export function decodeDeadLetter(message: GetMessage): DeadLetterView {
  const { holds, ...read } = readLetterHeaders(message);
  const order = holds === 'order' ? readOrder(message.content) : undefined;
  return { ...read, order, ...(order ? {} : { content: message.content }) };
}

export function readLetterHeaders(
  message: GetMessage,
): LetterStory & { readonly id: string; readonly holds: unknown } {
  const headers: Record<string, unknown> = message.properties.headers ?? {};
  const history = headers['sluice-history'];
  return {
    // A message that somebody else put there has no ID; its content gives it one that lasts.
    id:
      text(headers['sluice-letter-id']) ||
      createHash('sha256').update(message.content).digest('hex').slice(0, 32),
    holds: headers['sluice-holds'],
    reason: text(headers['sluice-reason']),
    cause: text(headers['sluice-cause']),
    failedAtMs: Number(headers['sluice-failed-at-ms'] ?? 0),
    history: Array.isArray(history) ? history.map(text) : [],
  };
}

function readOrder(content: Buffer): ClaimedOrder | undefined {
  try {
    const order = JSON.parse(content.toString('utf8')) as Partial<Record<keyof ClaimedOrder, unknown>> | null;
    const { saleId, transactionId, sku, customerId, quantity, sequence, claimedAtMs } = order ?? {};
    const isOrder =
      [saleId, transactionId, sku, customerId].every((field) => typeof field === 'string') &&
      [quantity, sequence, claimedAtMs].every((field) => Number.isInteger(field));
    return isOrder ? (order as ClaimedOrder) : undefined;
  } catch {
    return undefined;
  }
}

function text(value: unknown): string {
  return value === undefined ? '' : String(value);
}
