import type { FollowerDepth } from '../order/ports/events.ts';
import type { Clock } from '../platform/clock.ts';
import type { FollowerClusterMetrics } from '../platform/follower-metrics.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';

/** The broker's counts of a quorum queue are no younger. */
const intervalMs = 5_000;

/** Looks at the queues of all followers, of whatever process, and sets the gauges that are true of the cluster. */
export function createFollowerWatch(deps: {
  readFollowers: () => Promise<readonly FollowerDepth[]>;
  metrics: FollowerClusterMetrics;
  clock: Clock;
  logger: Logger;
}): Lifecycle & {
  /** As of the last look; empty before the first. */
  followers(): readonly FollowerDepth[];
} {
  const { metrics } = deps;
  const stopping = new AbortController();
  let loop: Promise<void> | undefined;
  let followers: readonly FollowerDepth[] = [];
  let failing = false;

  async function look(): Promise<void> {
    try {
      followers = await deps.readFollowers();
      failing = false;
    } catch (error) {
      if (!failing) deps.logger.warn({ err: error }, 'the queues of the followers cannot be read');
      failing = true;
      return;
    }
    metrics.set(followers);
  }

  return {
    followers: () => followers,
    async start() {
      loop = (async () => {
        while (!stopping.signal.aborted) {
          await look();
          await deps.clock.sleep(intervalMs, stopping.signal);
        }
      })();
    },
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}
