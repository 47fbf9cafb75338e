import { Webhook } from 'standardwebhooks';
import type { WebhookTarget } from '../../../platform/config/webhook-targets.ts';

export type PostOutcome =
  /** Answered with 2xx. */
  | { readonly outcome: 'taken' }
  /** Answered with 410: it wants no more of them. */
  | { readonly outcome: 'gone' }
  /** Any other answer, or none in time: it is to be sent again. */
  | { readonly outcome: 'failed'; readonly reason: string };

/**
 * Posts events to one target, signed as Standard Webhooks says: `webhook-id` is the event's ID and the same at each
 * attempt, so that the target can tell a repeat; `webhook-timestamp` is the attempt's. Redirects are not followed:
 * the address that was set is the one that is meant.
 */
export function createWebhookPoster({ target, timeoutMs }: { target: WebhookTarget; timeoutMs: number }) {
  const signer = new Webhook(target.secret);

  /** @param body the event as JSON */
  return async function post(eventId: string, body: string): Promise<PostOutcome> {
    const sentAt = new Date();
    try {
      const answer = await fetch(target.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/cloudevents+json',
          'user-agent': 'Sluice',
          ...(target.authorization === undefined ? {} : { authorization: target.authorization }),
          'webhook-id': eventId,
          'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1_000)),
          'webhook-signature': signer.sign(eventId, sentAt, body),
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      // What it says is of no interest, and an endless answer must not be read.
      await answer.body?.cancel();
      if (answer.ok) return { outcome: 'taken' };
      if (answer.status === 410) return { outcome: 'gone' };
      return { outcome: 'failed', reason: `${target.name} answered ${answer.status}` };
    } catch (error) {
      return { outcome: 'failed', reason: `${target.name}: ${reasonOf(error, timeoutMs)}` };
    }
  };
}

function reasonOf(error: unknown, timeoutMs: number): string {
  const { name, message, cause } = error as Error;
  if (name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  return cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : message;
}
