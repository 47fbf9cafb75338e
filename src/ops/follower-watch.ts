import type { FollowerDepth } from '../order/ports/events.ts';
import type { Clock } from '../platform/clock.ts';
import type { FollowerClusterMetrics } from '../platform/follower-metrics.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';

/** The broker's counts of a quorum queue are no younger. */
const intervalMs = 5_000;

/** What waits for each follower, and how old that knowledge is: of the last look that the broker answered. */
export interface FollowersSeen {
  readonly followers: readonly FollowerDepth[];
  /** `null`: no look was answered yet. */
  readonly lookAgeSeconds: number | null;
}

/** Looks at the queues of all followers, of whatever process, and sets the gauges that are true of the cluster. */
export function createFollowerWatch(deps: {
  readFollowers: () => Promise<readonly FollowerDepth[]>;
  metrics: FollowerClusterMetrics;
  clock: Clock;
  logger: Logger;
}): Lifecycle & {
  followers(): FollowersSeen;
} {
  const { metrics, clock } = deps;
  const stopping = new AbortController();
  let loop: Promise<void> | undefined;
  let followers: readonly FollowerDepth[] = [];
  let lookedAtMs: number | undefined;
  let failing = false;

  async function look(): Promise<void> {
    const askedMs = clock.monotonicMs();
    try {
      followers = await deps.readFollowers();
      lookedAtMs = askedMs;
      failing = false;
    } catch (error) {
      if (!failing) deps.logger.warn({ err: error }, 'the queues of the followers cannot be read');
      failing = true;
      return;
    }
    metrics.set(followers);
  }

  return {
    followers: () => ({
      followers,
      lookAgeSeconds: lookedAtMs === undefined ? null : (clock.monotonicMs() - lookedAtMs) / 1_000,
    }),
    async start() {
      loop = (async () => {
        while (!stopping.signal.aborted) {
          await look();
          await clock.sleep(intervalMs, stopping.signal);
        }
      })();
    },
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}
