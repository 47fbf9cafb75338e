import type { Envelope } from '../order/envelope.ts';
import type { Delivery } from '../order/ports/queue.ts';
import { systemClock } from '../platform/clock.ts';
import { createLogger } from '../platform/logger.ts';
import { type ConsumerOptions, createConsumer } from './consumer.ts';
import { until } from './private-broker.testing.ts';
import { createPublisher, type PublisherOptions, type PublisherState } from './publisher.ts';

export const testLogger = createLogger('test', 'silent');

let orders = 0;

/** An envelope of `count` orders that no other call returned. */
export function testEnvelope(count = 1): Envelope {
  const saleId = 'sale';
  return {
    saleId,
    orders: Array.from({ length: count }, () => {
      orders += 1;
      return {
        saleId,
        transactionId: `transaction-${orders}`,
        sku: 'sku',
        quantity: 1,
        customerId: `customer-${orders}`,
        sequence: orders,
        claimedAtMs: 1_700_000_000_000 + orders,
      };
    }),
  };
}

/** Long enough for a broker on a busy machine. */
export const testConfirmTimeoutMs = 20_000;

/** A publisher that remembers its states. */
export function testPublisher(amqpUrl: string, options: Partial<PublisherOptions> = {}) {
  const states: PublisherState[] = [];
  const publisher = createPublisher({
    amqpUrl,
    confirmTimeoutMs: testConfirmTimeoutMs,
    maxUnconfirmed: 100,
    breakerOpenMs: 100,
    logger: testLogger,
    clock: systemClock,
    onState: (state) => states.push(state),
    ...options,
  });
  return { publisher, states };
}

/** A consumer that keeps what it is handed. */
export function testConsumer(amqpUrl: string, options: Partial<ConsumerOptions['handlers']> = {}) {
  const deliveries: Delivery[] = [];
  const lost: number[] = [];
  const consumer = createConsumer({
    amqpUrl,
    logger: testLogger,
    clock: systemClock,
    handlers: {
      onDelivery: (delivery) => deliveries.push(delivery),
      onLost: (generation) => lost.push(generation),
      onUnreadable: () => {
        throw new Error('an unreadable message was not expected');
      },
      ...options,
    },
  });
  return {
    consumer,
    deliveries,
    lost,
    async received(count: number): Promise<Delivery[]> {
      await until(`${count} deliveries (there are ${deliveries.length})`, () => deliveries.length >= count);
      return deliveries;
    },
  };
}

export function transactionIds(deliveries: readonly Delivery[]): string[] {
  return deliveries.flatMap((delivery) => delivery.envelope.orders.map((order) => order.transactionId));
}
