import type { Logger } from '../platform/logger.ts';
import { closeConnection, openConnection } from './connection.ts';
import { createManagement, type ManagementOptions } from './management.ts';
import { applyPolicies } from './policies.ts';
import { QueueError } from './queue-error.ts';
import { declareQueues } from './queues.ts';

export interface TopologyOptions extends ManagementOptions {
  /** Limit of `sluice.orders` in bytes of message bodies. */
  readonly queueMaxBytes: number;
  /** Limit of each queue of a follower, likewise; 256 MiB by default. */
  readonly followerQueueMaxBytes?: number;
  /** Whether subscribers of the bridge have queues here, to be limited too; not by default. */
  readonly bridge?: boolean;
  readonly logger: Logger;
}

/**
 * Creates the queues and their policies on the virtual host of `amqpUrl`. Repeatable; changes the limit of a
 * queue that exists. The policies come first, so that no queue is ever without its limit.
 *
 * @throws QueueError `management-away`, `management-refused`, `broker-away`, `topology-conflict`.
 */
export async function declareTopology(options: TopologyOptions): Promise<void> {
  const { queueMaxBytes, followerQueueMaxBytes = 256 * 1024 * 1024, bridge = false } = options;
  await applyPolicies(createManagement(options), queueMaxBytes, followerQueueMaxBytes, bridge);
  const model = await openConnection(options.amqpUrl, 'sluice topology').catch((cause) => {
    throw new QueueError('broker-away', 'RabbitMQ does not answer on AMQP', { cause });
  });
  model.on('error', (error) => options.logger.warn({ err: error }, 'the broker connection failed'));
  try {
    await declareQueues(model);
  } catch (cause) {
    const conflict = (cause as { code?: unknown }).code === 406;
    throw conflict
      ? new QueueError('topology-conflict', 'a queue of another type has the name of one of ours', { cause })
      : new QueueError('broker-away', 'the queues could not be declared', { cause });
  } finally {
    await closeConnection(model, 1_000);
  }
  options.logger.info({ queueMaxBytes: options.queueMaxBytes }, 'the queues are declared');
}
