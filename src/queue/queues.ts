import type { ChannelModel } from 'amqplib';
import { closeChannel } from './connection.ts';

/** Envelopes on their way to the ledger. */
export const ordersQueue = 'sluice.orders';
/** Orders that left the path, for an operator to redrive or purge. */
export const deadQueue = 'sluice.orders.dead';

/** Where what became of orders is announced; whoever wants to know binds a queue of its own. */
export const eventsExchange = 'sluice.events';

/**
 * Declares both queues, and the exchange for events, where they are missing. Type and durability only: limits live in policies, where they can
 * be changed on a running queue. Rejects when a queue of another type has one of the names (406).
 */
export async function declareQueues(model: ChannelModel): Promise<void> {
  const channel = await model.createChannel();
  // The rejection of the call says the same; without a listener the event would end the process.
  channel.on('error', () => undefined);
  for (const queue of [ordersQueue, deadQueue]) {
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  }
  await channel.assertExchange(eventsExchange, 'topic', { durable: true });
  await closeChannel(channel);
}
