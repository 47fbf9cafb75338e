import type { ChannelModel } from 'amqplib';
import { closeChannel } from './connection.ts';
import { eventsExchange } from './queues.ts';

/** Where the broker puts what a follower's full queue has dropped, to be counted. */
export const droppedQueue = 'sluice.followers.dropped';

const namePattern = /^[a-z0-9-]{1,64}$/;

/** What a follower's queues are made from. */
export interface FollowerTopology {
  /** 1 to 64 of `a-z`, `0-9` and `-`. */
  readonly name: string;
  /** Patterns of routing keys on `sluice.events`. */
  readonly bindings: readonly string[];
  /** One consumer at a time, so that messages are handled in their order. */
  readonly singleActiveConsumer: boolean;
  /** How long an event waits before its second, third, … attempt, in milliseconds. */
  readonly retryDelaysMs: readonly number[];
  /** A topic exchange that the follower publishes to. One of the broker's own (`amq.…`) has to be there. */
  readonly publishesTo?: string;
}

/** @throws RangeError where the name is none. */
export function followerQueue(name: string): string {
  if (!namePattern.test(name)) {
    throw new RangeError(`a follower's name has 1 to 64 of a-z, 0-9 and - (is ${JSON.stringify(name)})`);
  }
  return `sluice.follower.${name}`;
}

export function followerDeadQueue(name: string): string {
  return `${followerQueue(name)}.dead`;
}

/** A message's time to live ends at the head of its queue only, so there is one queue per delay. */
export function followerRetryQueue(name: string, delayMs: number): string {
  return `${followerQueue(name)}.retry.${delayMs}`;
}

/** The follower a queue belongs to, and what the queue is for; `undefined` where it is none of a follower's. */
export function parseFollowerQueue(
  queue: string,
): { readonly name: string; readonly holds: 'waiting' | 'retry' | 'dead' } | undefined {
  const [, name, kind] = /^sluice\.follower\.([a-z0-9-]+)(?:\.(retry|dead)(?:\.\d+)?)?$/.exec(queue) ?? [];
  if (name === undefined) return undefined;
  return { name, holds: kind === undefined ? 'waiting' : (kind as 'retry' | 'dead') };
}

/**
 * Declares a follower's queues and bindings where they are missing. What a queue's name says is an argument of the
 * queue; limits live in policies.
 */
export async function declareFollower(model: ChannelModel, follower: FollowerTopology): Promise<void> {
  const { name, bindings, singleActiveConsumer, retryDelaysMs, publishesTo } = follower;
  const queue = followerQueue(name);
  await declareDropped(model);
  const channel = await model.createChannel();
  // The rejection of the call says the same; without a listener the event would end the process.
  channel.on('error', () => undefined);
  const declare = (queueName: string, more: Record<string, unknown> = {}) =>
    channel.assertQueue(queueName, { durable: true, arguments: { 'x-queue-type': 'quorum', ...more } });
  await declare(queue, singleActiveConsumer ? { 'x-single-active-consumer': true } : {});
  await declare(followerDeadQueue(name));
  for (const delayMs of new Set(retryDelaysMs)) {
    await declare(followerRetryQueue(name, delayMs), {
      'x-message-ttl': delayMs,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': queue,
      // The default would lose what the broker moves while it crashes.
      'x-dead-letter-strategy': 'at-least-once',
      // That strategy works with no other.
      'x-overflow': 'reject-publish',
    });
  }
  await channel.assertExchange(eventsExchange, 'topic', { durable: true });
  for (const pattern of bindings) await channel.bindQueue(queue, eventsExchange, pattern);
  if (publishesTo?.startsWith('amq.')) await channel.checkExchange(publishesTo);
  else if (publishesTo) await channel.assertExchange(publishesTo, 'topic', { durable: true });
  await closeChannel(channel);
}

/** Declares the queue for what full queues have dropped. */
export async function declareDropped(model: ChannelModel): Promise<void> {
  const channel = await model.createChannel();
  channel.on('error', () => undefined);
  await channel.assertQueue(droppedQueue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await closeChannel(channel);
}
