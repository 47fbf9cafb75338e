import { setImmediate as nextTurn } from 'node:timers/promises';
import { type OrderError, orderError } from '../order/errors.ts';
import type { Clock } from '../platform/clock.ts';

/** What is published: to a queue of that name, or to an exchange by that routing key. */
export type BrokerMessage = (
  | { readonly queue: string }
  | { readonly exchange: string; readonly key: string }
) & {
  readonly content: Buffer;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
};

/** A message between `publish` and the broker's answer. */
export interface Publication {
  /** Rises by one; also the AMQP message ID, by which a returned message is known. */
  readonly id: number;
  readonly message: BrokerMessage;
  readonly probe: boolean;
  readonly deadlineMs: number;
  /** Handed to amqplib: from here on it may be in the queue. */
  sent: boolean;
  /** The broker found no such queue. */
  returned: boolean;
  /** Its caller has been answered. */
  answered: boolean;
  resolve(): void;
  reject(error: OrderError): void;
}

export interface Unconfirmed {
  add(publication: Publication): void;
  /** The broker has answered; a late answer is fine. */
  remove(publication: Publication): void;
  find(id: number): Publication | undefined;
  /** Answers all callers with an error: the connection is gone. */
  abandon(reason: string): void;
  /** The same for good, leaving no timer behind. */
  close(reason: string): void;
  /** Resolves when nobody waits for an answer any more. */
  idle(): Promise<void>;
}

/**
 * The messages without an answer, with one deadline each and one sleep for all: they enter in order of deadline,
 * so only the oldest needs watching. A timer per message would be the dearest part of a publish.
 *
 * @param onTimeout called after the caller of a message that was sent has been answered.
 */
export function createUnconfirmed(clock: Clock, onTimeout: (late: Publication) => void): Unconfirmed {
  const all = new Map<number, Publication>();
  /** A subset of `all`, oldest first. */
  const awaited = new Map<number, Publication>();
  const closed = new AbortController();
  let watching = false;
  let idleWaiters: (() => void)[] = [];

  async function watch(): Promise<void> {
    watching = true;
    for (let oldest = first(awaited); oldest; oldest = first(awaited)) {
      await clock.sleep(Math.max(1, oldest.deadlineMs - clock.monotonicMs()), closed.signal);
      // After a stall of this process the confirms are in the socket: let them be read before judging.
      await nextTurn();
      const nowMs = clock.monotonicMs();
      for (const publication of awaited.values()) {
        if (publication.deadlineMs > nowMs) break;
        expire(publication);
      }
    }
    watching = false;
  }

  function expire(publication: Publication): void {
    answer(publication);
    if (publication.sent) {
      publication.reject(orderError('publish-unconfirmed', 'the broker did not confirm in time'));
      onTimeout(publication);
    } else {
      all.delete(publication.id);
      publication.reject(orderError('queue-unavailable', 'the broker takes messages too slowly'));
    }
  }

  function answer(publication: Publication): void {
    publication.answered = true;
    awaited.delete(publication.id);
    if (awaited.size > 0) return;
    for (const resolve of idleWaiters) resolve();
    idleWaiters = [];
  }

  function abandon(reason: string): void {
    for (const publication of [...awaited.values()]) {
      answer(publication);
      const code = publication.sent ? 'publish-unconfirmed' : 'queue-unavailable';
      publication.reject(orderError(code, reason));
    }
    all.clear();
  }

  return {
    add(publication) {
      all.set(publication.id, publication);
      awaited.set(publication.id, publication);
      if (!watching) void watch();
    },
    remove(publication) {
      all.delete(publication.id);
      if (!publication.answered) answer(publication);
    },
    find: (id) => all.get(id),
    abandon,
    close(reason) {
      abandon(reason);
      closed.abort();
    },
    idle: () =>
      awaited.size === 0 ? Promise.resolve() : new Promise((resolve) => idleWaiters.push(resolve)),
  };
}

function first(map: Map<number, Publication>): Publication | undefined {
  for (const publication of map.values()) return publication;
  return undefined;
}

/** Why the broker did not take it: it came back, or was nacked. */
export function refusalOf({ returned, message }: Publication): OrderError {
  const target = 'queue' in message ? message.queue : message.exchange;
  return orderError(
    'publish-unconfirmed',
    returned ? `there is no queue ${target}` : `the broker refused a message for ${target}`,
  );
}
