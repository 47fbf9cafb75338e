import { type ClaimedOrder, fingerprint, parseFingerprint } from '../order/order.ts';
import type { OrderView } from '../order/ports/claims.ts';
import type { SettledStatus, SettleReason } from '../order/states.ts';

/**
 * How a claim is stored: `sequence claimedAtMs settled fingerprint`, where `settled` is `-`, or the state's
 * letter, the time in ms and the reason's letter, as in `7 1763671500000 r1763671501000s sku-1 2 customer-9`.
 * Text rather than JSON or a hash per order, because it costs the scripts nothing to build and a third of the
 * memory to keep (docs/decisions/claim-layout.md).
 */
const statusByLetter = new Map<string, SettledStatus>([
  ['c', 'confirmed'],
  ['r', 'rejected'],
  ['f', 'failed'],
]);
const reasonByLetter = new Map<string, SettleReason>([
  ['s', 'sold-out'],
  ['l', 'customer-limit'],
  ['u', 'unknown-sku'],
  ['d', 'dead-lettered'],
  ['p', 'purged'],
]);
const letterByStatus = inverse(statusByLetter);
const letterByReason = inverse(reasonByLetter);

function inverse<Name extends string>(letters: ReadonlyMap<string, Name>): ReadonlyMap<Name, string> {
  return new Map([...letters].map(([letter, name]) => [name, letter]));
}

export interface SettledState {
  readonly status: SettledStatus;
  readonly reason?: SettleReason;
  readonly settledAtMs: number;
}

export function formatSettled({ status, reason, settledAtMs }: SettledState): string {
  const letter = reason === undefined ? '' : letterByReason.get(reason);
  return `${letterByStatus.get(status)}${Math.trunc(settledAtMs)}${letter}`;
}

export function formatSettledClaim(order: ClaimedOrder, state: SettledState): string {
  return `${order.sequence} ${order.claimedAtMs} ${formatSettled(state)} ${fingerprint(order)}`;
}

/**
 * @param flagged `u` (no broker's confirm on record) or `a`, then the stored claim, as the scripts return it
 * @param settledClaims how many claims of the sale have settled, for the place in line
 */
export function parseClaim(
  saleId: string,
  transactionId: string,
  flagged: string,
  settledClaims: number,
): OrderView {
  const first = flagged.indexOf(' ');
  const second = flagged.indexOf(' ', first + 1);
  const third = flagged.indexOf(' ', second + 1);
  const sequence = Number(flagged.slice(1, first));
  const order: ClaimedOrder = {
    saleId,
    transactionId,
    ...parseFingerprint(flagged.slice(third + 1)),
    sequence,
    claimedAtMs: Number(flagged.slice(first + 1, second)),
  };
  const settled = flagged.slice(second + 1, third);
  if (settled === '-') {
    const status = flagged.startsWith('u') ? 'pending' : 'accepted';
    return { order, status, position: positionOf(sequence, settledClaims) };
  }
  const status = statusByLetter.get(settled.charAt(0));
  const reason = reasonByLetter.get(settled.at(-1)!);
  const settledAtMs = Number(settled.slice(1, reason === undefined ? undefined : -1));
  if (status === undefined || !Number.isInteger(settledAtMs)) {
    throw new TypeError(`not a stored claim: ${JSON.stringify(flagged)}`);
  }
  return { order, status, settledAtMs, ...(reason !== undefined && { reason }) };
}

/** The place in line: never grows for one order, because what has settled only rises. */
export function positionOf(sequence: number, settledClaims: number): number {
  return Math.max(1, sequence - settledClaims);
}
