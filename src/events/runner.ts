import type {
  EventConsumer,
  EventConsumerHandlers,
  FollowerLedger,
  FollowerQueues,
} from '../order/ports/events.ts';
import { createBackOff } from '../platform/back-off.ts';
import type { Clock } from '../platform/clock.ts';
import type { FollowerMetrics } from '../platform/follower-metrics.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';
import type { EffectError, Follower } from './follower.ts';
import { createGiveUp } from './give-up.ts';
import { createInbox, type Item } from './inbox.ts';
import { createPace } from './pace.ts';
import { createPerform } from './perform.ts';

export interface RunnerOptions {
  /** Messages unacknowledged at most; 0: twice what the calls need, up to 100. */
  readonly prefetchMessages: number;
  /** Events handed to the effect per second by this process. */
  readonly maxOrdersPerSecond: number;
  /** Of a follower that keeps the order: how long an event is waited for before its second, third, … attempt. */
  readonly retryDelaysMs: readonly number[];
}

/** A message may hold a few hundred events: many more of them would be a burden on memory, not a help. */
const prefetchMax = 100;
/**
 * Under a crowd, calls that write to the ledger's database begin this far apart unless they are full: each commit is
 * a flush of the disk that the orders' own flushes wait behind. With little traffic nothing waits.
 */
const gatherMs = 200;

/**
 * Runs a follower: takes events from its queue, calls its effect, and acknowledges what is done, put aside for
 * another attempt, or dead-lettered.
 *
 * What the effect needs being away is nobody's failure: all that is in hand goes back to the queue, and after a
 * back-off from 0.2 to 15 s it is tried again. `stop` finishes the calls under way and gives back the rest.
 */
export function createRunner(deps: {
  follower: Follower;
  createConsumer: (handlers: EventConsumerHandlers) => EventConsumer & Lifecycle;
  queues: FollowerQueues;
  ledger: FollowerLedger;
  metrics: FollowerMetrics;
  clock: Clock;
  logger: Logger;
  /** Told of a fault that nobody foresaw; the process should end. */
  onFatal: (error: unknown) => void;
  options: RunnerOptions;
}): Lifecycle {
  const { follower, metrics, clock, logger, options } = deps;
  const { keepsOrder = false } = follower;
  // At the same time means in no order.
  const callsAtOnce = keepsOrder ? 1 : (follower.callsAtOnce ?? 1);
  const ordersAtOnce = keepsOrder && follower.effect.within === 'outside' ? 1 : (follower.ordersAtOnce ?? 1);
  const prefetch = options.prefetchMessages || Math.min(prefetchMax, 2 * callsAtOnce * ordersAtOnce);

  /** Aborted when no further call should begin. */
  const stopping = new AbortController();
  /** Aborted when those under way should not wait for anything. */
  const givingUp = new AbortController();
  const giveUp = createGiveUp({ ...deps, signal: givingUp.signal });
  const perform = createPerform({ ...deps, signal: givingUp.signal });
  const pace = createPace(clock, options.maxOrdersPerSecond);
  const backOff = createBackOff({ firstMs: 200, maxMs: 15_000 });
  const calls = new Set<Promise<void>>();
  let gatheredAtMs = Number.NEGATIVE_INFINITY;
  let awayBecause: EffectError | undefined;
  let oldestHeldMs: number | undefined;
  let loop: Promise<void> | undefined;
  let wake: () => void = () => undefined;
  const inbox = createInbox(({ content, reason, done }) =>
    track(
      giveUp.unreadable(content, reason).then((buried) => {
        if (buried) done();
      }),
    ),
  );

  const consumer = deps.createConsumer({
    onDelivery(delivery) {
      inbox.add(delivery);
      wake();
    },
    onLost: (generation) => inbox.drop(generation),
  });
  metrics.oldestFrom(() => oldestHeldMs ?? inbox.oldestMs());

  function track(work: Promise<void>): void {
    const tracked = work.catch(deps.onFatal).finally(() => calls.delete(tracked));
    calls.add(tracked);
  }

  async function attempt(items: readonly Item[]) {
    const startedAt = performance.now();
    const outcomes = await perform(items.map(({ event }) => event));
    metrics.effectSeconds.observe((performance.now() - startedAt) / 1_000);
    return outcomes;
  }

  function neighbourIsAway(error: EffectError, item: Item): void {
    awayBecause ??= error;
    oldestHeldMs ??= Date.parse(item.event.time);
    // Nothing else may come that would.
    wake();
  }

  function neighboursAreThere(): void {
    backOff.reset();
    metrics.held.set(0);
    oldestHeldMs = undefined;
  }

  /** One call of the effect, and what follows for each of its events. */
  async function call(items: readonly Item[]): Promise<void> {
    const outcomes = await attempt(items);
    if (outcomes.some((outcome) => outcome === 'done' || outcome.code !== 'neighbour-away'))
      neighboursAreThere();
    await Promise.all(
      items.map(async (item, i) => {
        const outcome = outcomes[i]!;
        if (outcome === 'done') return item.done();
        if (outcome.code === 'neighbour-away') return neighbourIsAway(outcome, item);
        metrics.failures.inc();
        const { failures, history } = item.delivery;
        if (await giveUp.event(item.event, outcome, failures + 1, history)) item.done();
      }),
    );
  }

  /** The same where the order is kept: what fails is waited for, and what is behind it waits too. */
  async function callInOrder(items: readonly Item[]): Promise<void> {
    const together = await attempt(items);
    for (let i = 0; i < items.length; i++) {
      if (together[i] === 'done' && together.slice(0, i).every((outcome) => outcome === 'done')) {
        neighboursAreThere();
        items[i]!.done();
      } else if (!(await finishInOrder(items[i]!))) return;
    }
  }

  /** Resolves with whether the next event may follow. */
  async function finishInOrder(item: Item): Promise<boolean> {
    const history = [...item.delivery.history];
    for (;;) {
      if (stopping.signal.aborted) return false;
      const [outcome] = await attempt([item]);
      if (outcome === 'done') {
        neighboursAreThere();
        item.done();
        return true;
      }
      if (outcome!.code === 'neighbour-away') {
        neighbourIsAway(outcome!, item);
        return false;
      }
      metrics.failures.inc();
      const failures = history.length + 1;
      const delayMs = options.retryDelaysMs[failures - 1];
      if (delayMs === undefined || outcome!.code === 'effect-refused') {
        const buried = await giveUp.event(item.event, outcome!, deps.queues.attempts, history);
        if (buried) item.done();
        return buried;
      }
      history.push(giveUp.line(outcome!));
      metrics.retries.inc();
      await clock.sleep(delayMs, stopping.signal);
    }
  }

  /** Gives everything back, waits a while, and begins again. */
  async function hold(because: EffectError): Promise<void> {
    const waitMs = backOff.nextMs();
    metrics.held.set(1);
    logger.warn({ err: because, waitMs }, 'what the follower needs is away; holding its events');
    await consumer.cancel();
    await Promise.all(calls);
    inbox.drop();
    await consumer.requeue();
    await clock.sleep(waitMs, stopping.signal);
    awayBecause = undefined;
    if (!stopping.signal.aborted) await consumer.resume(prefetch);
  }

  /** How long the next call should wait for more events. */
  function gatherForMs(): number {
    if (follower.effect.within !== 'ledger' || inbox.holds(ordersAtOnce)) return 0;
    return gatheredAtMs + gatherMs - clock.monotonicMs();
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (awayBecause) await hold(awayBecause);
      else if (!inbox.holds(1)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if (calls.size >= callsAtOnce) await Promise.race([...calls]);
      else if (gatherForMs() > 0) await clock.sleep(gatherForMs(), stopping.signal);
      else {
        gatheredAtMs = clock.monotonicMs();
        const items = inbox.take(ordersAtOnce);
        await pace(items.length, stopping.signal);
        if (!stopping.signal.aborted) track(keepsOrder ? callInOrder(items) : call(items));
      }
    }
  }

  return {
    async start() {
      await consumer.start();
      await consumer.resume(prefetch);
      loop = run().catch(deps.onFatal);
    },
    async stop(deadlineMs) {
      if (!stopping.signal.aborted) {
        stopping.abort();
        wake();
        const patience = setTimeout(() => givingUp.abort(), deadlineMs / 2);
        await consumer.cancel();
        await loop;
        await Promise.all(calls);
        clearTimeout(patience);
        inbox.drop();
        await consumer.requeue();
      }
      await consumer.stop(deadlineMs);
    },
  };
}
