import type { OrderEvent } from '../../../order/events.ts';
import type { WebhookTarget } from '../../../platform/config/webhook-targets.ts';
import { type EffectContext, EffectError, each, type Follower } from '../../follower.ts';
import { createWebhookPoster } from './post-webhook.ts';

export interface WebhookOptions {
  readonly target: WebhookTarget;
  readonly timeoutMs: number;
  /** Events on their way at once. */
  readonly concurrency: number;
  /** Told once when the target has answered 410. */
  readonly onGone: () => void;
}

const eventsPerCall = 10;

/**
 * Posts every event to one of the shop's systems. Each target is a follower of its own, `webhook-NAME`, with its
 * own queue, retries and dead letters: one that is slow or down holds up no other.
 *
 * A target that answers 410 wants no more and is switched off: nothing is posted to it until its follower is
 * started again. Meanwhile its events wait in its queue, which is bounded and drops the oldest; a replay brings
 * those back.
 */
export function createWebhook({ target, timeoutMs, concurrency, onGone }: WebhookOptions): Follower {
  const post = createWebhookPoster({ target, timeoutMs });
  let gone = false;

  async function send(event: OrderEvent, { logger }: EffectContext): Promise<void> {
    if (gone) throw switchedOff();
    const posted = await post(event.id, JSON.stringify(event));
    if (posted.outcome === 'failed') throw new EffectError('effect-failed', posted.reason);
    if (posted.outcome === 'taken') return;
    if (!gone) {
      logger.error({ target: target.name, url: target.url }, 'the target answered 410: it is switched off');
      onGone();
    }
    gone = true;
    throw switchedOff();
  }

  function switchedOff(): EffectError {
    return new EffectError('neighbour-away', `${target.name} answered 410 and is switched off`);
  }

  return {
    name: `webhook-${target.name}`,
    bindings: ['orders.*'],
    ordersAtOnce: Math.min(concurrency, eventsPerCall),
    callsAtOnce: Math.ceil(concurrency / eventsPerCall),
    effect: { within: 'outside', apply: each(send) },
  };
}
