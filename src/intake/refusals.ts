import type { FastifyReply } from 'fastify';
import type { PlaceOutcome } from './place-order.ts';
import { sendProblem } from './problems.ts';
import { retryAfterSeconds } from './waiting-time.ts';

/** An order that was not taken. */
export type Refusal = Exclude<PlaceOutcome, { outcome: 'accepted' | 'replayed' }>;

/** Answers an order that was not taken as a problem, with `Retry-After` where asking again can help. */
export function sendRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  switch (refusal.outcome) {
    case 'sale-not-open':
      return sendProblem(reply, 'sale-not-open', { retryAfterSeconds: refusal.opensInMs / 1_000 });
    case 'unavailable':
      return sendProblem(reply, 'unavailable', {
        detail: refusal.reason,
        retryAfterSeconds: retryAfterSeconds(),
      });
    case 'outcome-unknown':
      return sendProblem(reply, 'outcome-unknown', { retryAfterSeconds: retryAfterSeconds() });
    default:
      return sendProblem(reply, refusal.outcome);
  }
}
