import { replay } from '../events/replay.ts';
import { orderError } from '../order/errors.ts';
import { systemClock } from '../platform/clock.ts';
import { readConfig } from '../platform/config/read.ts';
import { createLogger } from '../platform/logger.ts';
import { readReady } from '../queue/depth.ts';
import { createFollowerQueues } from '../queue/follower-messages.ts';
import { declareFollower, followerQueue } from '../queue/follower-queues.ts';
import { topologyOf } from './follower.ts';
import { followerNamed } from './followers.ts';
import { inOrder, startedWithin } from './in-order.ts';
import { ledgerFor, publisherFor } from './stages.ts';
import { findTarget } from './target.ts';

const connectMs = 5_000;

/** `sluice follower NAME replay --sale ID`. */
export async function replayCommand(name: string, saleId: string): Promise<void> {
  const config = readConfig();
  const target = findTarget(config, process.cwd());
  const logger = createLogger('command', 'error');
  const context = { config, target, logger, clock: systemClock };
  const follower = followerNamed(name, config, {
    send: (message) => publisher.send(message),
    onSwitchedOff: () => undefined,
  });
  const topology = topologyOf(follower, config);
  const ledger = ledgerFor(context, 'command');
  const publisher = publisherFor(context, undefined, (model) => declareFollower(model, topology));
  const parts = inOrder([startedWithin(connectMs, ledger), startedWithin(connectMs, publisher)]);
  try {
    await parts.start();
    if (!(await ledger.sale(saleId))) throw orderError('unknown-sale', `there is no sale ${saleId}`);
    const { replayed, handledBefore } = await replay({
      follower,
      saleId,
      ledger,
      queues: createFollowerQueues(publisher, topology),
      waiting: () => readReady(target, followerQueue(name)),
      clock: systemClock,
    });
    console.log(`${replayed} orders replayed for ${name}, ${handledBefore} it had handled before`);
  } finally {
    await parts.stop(connectMs);
    await follower.stop?.();
  }
}
