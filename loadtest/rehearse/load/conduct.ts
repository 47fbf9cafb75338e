import { isKept } from './crowd.ts';
import type { Desk, Reply } from './desk.ts';

/** What gateways did that they promise not to do, by kind, with one example each. */
export interface Misconduct {
  readonly what: string;
  readonly count: number;
  readonly example: string;
}

/**
 * Holds every answer against the promises that show in answers alone: no silence, no 503 without `Retry-After`, no
 * fault of the server's own, no refusal of what has been accepted. Whether an answer is true, the audit says.
 */
export function watchConduct(desk: Desk): { misconduct: () => readonly Misconduct[]; end: () => void } {
  const keptAtMs = new Map<string, number>();
  const found = new Map<string, { count: number; example: string }>();

  const end = desk.watch((reply) => {
    const what = faultOf(reply, keptAtMs.get(reply.order.transactionId));
    if (isKept(reply) && !keptAtMs.has(reply.order.transactionId)) {
      keptAtMs.set(reply.order.transactionId, reply.sentMs + reply.latencyMs);
    }
    if (what === undefined) return;
    const seen = found.get(what);
    if (seen) seen.count += 1;
    else found.set(what, { count: 1, example: describe(reply) });
  });

  return {
    misconduct: () => [...found].map(([what, seen]) => ({ what, ...seen })),
    end,
  };
}

function faultOf(
  { outcome, status, sentMs, retryAfterSeconds }: Reply,
  keptAtMs: number | undefined,
): string | undefined {
  if (outcome === 'timeout') return 'a request had no answer';
  if (outcome === 'server-error') return `an order was answered ${status}`;
  if (status === 503 && retryAfterSeconds === undefined) return 'a 503 had no Retry-After';
  // 422: another order came under the same ID on purpose; the audit knows which was which.
  if (outcome === 'client-error' && status !== 422) return `a good order was answered ${status}`;
  const refused = outcome === 'sold-out' || outcome === 'refused-limit';
  if (refused && keptAtMs !== undefined && keptAtMs < sentMs) {
    return `an order that had been accepted was answered ${status} when it was sent again`;
  }
  return undefined;
}

function describe({ order, gateway, status, outcome, latencyMs }: Reply): string {
  const answer = status === 0 ? outcome : `${status} ${outcome}`;
  return `${order.transactionId} at gateway ${gateway + 1}: ${answer} after ${Math.round(latencyMs)} ms`;
}
