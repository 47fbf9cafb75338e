import { isOrderError } from '../order/errors.ts';
import type { Claims, SettledClaim } from '../order/ports/claims.ts';
import type { EventPublisher } from '../order/ports/events.ts';
import type { Cap, Ledger, LedgerReader } from '../order/ports/ledger.ts';
import type { ConsumerHandlers, DeadLetterPublisher, OrderConsumer } from '../order/ports/queue.ts';
import type { Settlement } from '../order/states.ts';
import { createBackOff } from '../platform/back-off.ts';
import type { Clock } from '../platform/clock.ts';
import type { HitFailpoint } from '../platform/failpoints.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';
import type { DrainMetrics } from '../platform/metrics.ts';
import { createEventAnnouncer } from './announce-events.ts';
import { type BatchEntry, createBatcher, markDone } from './batcher.ts';
import { createDeadLetterer } from './dead-letterer.ts';
import { createLanes } from './lanes.ts';
import type { Experience } from './patience.ts';
import { createRest } from './rest.ts';
import { createClaimSettler } from './settle-claims.ts';
import { batchOrders, prefetchEnvelopes, settlingMax } from './sizes.ts';
import { createBatchWriter, type SettledEntry, type WrittenBatch } from './write-batch.ts';

export interface DrainerOptions {
  /** Batches that are not full leave at least this long apart. One that follows none so soon waits for nothing. */
  readonly batchMaxAgeMs: number;
  /** Envelopes unacknowledged at most; 0: five batches, following the cap. */
  readonly prefetchEnvelopes: number;
}

export interface DrainerDeps {
  /** Makes the consumer that will call these handlers. */
  readonly createConsumer: (handlers: ConsumerHandlers) => OrderConsumer & Lifecycle;
  readonly ledger: Pick<Ledger, 'settleBatch' | 'recordFailed' | 'readCap'> & Pick<LedgerReader, 'find'>;
  readonly claims: Pick<Claims, 'settle' | 'holdFailed'>;
  readonly deadLetters: DeadLetterPublisher;
  /** Absent: nobody is told what became of orders. */
  readonly events: EventPublisher | undefined;
  readonly metrics: DrainMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly hitFailpoint: HitFailpoint;
  /** Told of a fault that nobody foresaw; the process should end. */
  readonly onFatal: (error: unknown) => void;
  readonly options: DrainerOptions;
}

/** How often the cap row is read while draining is paused, or nothing arrives. */
const capPollMs = 500;

/**
 * The fourth stage: takes envelopes, writes their orders in batches at the ledger's pace, settles their claims,
 * and only then acknowledges.
 *
 * While a batch is being settled the next one is written. `stop` goes in phases: cancel the consumer → write what
 * has been delivered → settle → acknowledge → give back what there was no time for.
 */
export function createDrainer(deps: DrainerDeps): Lifecycle {
  const { ledger, metrics, clock, logger } = deps;
  const backOff = createBackOff({ firstMs: 50, maxMs: 2_000 });
  const batcher = createBatcher();
  const resting = createRest(clock);
  const consumer = deps.createConsumer({
    onDelivery(delivery) {
      batcher.add(delivery);
      resting.arrived(batcher.size());
    },
    onUnreadable(content, error, ack) {
      track(deadLetterer.unreadable(content, error, ack));
    },
    onLost: (generation) => batcher.drop(generation),
  });
  const writeBatch = createBatchWriter({
    ledger,
    backOff,
    clock,
    logger,
    onCommit(seconds, orders) {
      metrics.batchCommitSeconds.observe(seconds);
      metrics.batchOrders.observe(orders);
    },
    onLedger: (up) => metrics.dependencies.set('postgres', up),
  });
  const settleClaims = createClaimSettler(deps);
  const deadLetterer = createDeadLetterer(deps);

  /** Aborted when the drainer should take no further batch. */
  const stopping = new AbortController();
  /** Aborted when it should not even wait for the one it has. */
  const givingUp = new AbortController();
  const { events } = deps;
  const announce = events
    ? createEventAnnouncer({ ...deps, events, signal: givingUp.signal })
    : async () => true;
  const settling = new Set<Promise<void>>();
  const lanes = createLanes(clock, resting.wake);
  /** What the ledger said last. */
  let cap: Cap = stoppedCap;
  let dead = false;
  let loop: Promise<void> | undefined;
  let batchLeftAtMs = Number.NEGATIVE_INFINITY;

  /** Rests until so many orders wait, the drainer stops, or `ms` have passed. */
  async function rest(ms: number, orders = 1): Promise<void> {
    if (!stopping.signal.aborted) await resting.rest(ms, orders);
  }

  function track(work: Promise<void>): void {
    const tracked = work.catch(die).finally(() => settling.delete(tracked));
    settling.add(tracked);
  }

  /** A fault nobody foresaw: die loudly. Nothing of it was acknowledged, so it all comes again. */
  function die(error: unknown): void {
    dead = true;
    logger.fatal({ err: error }, 'the drainer failed');
    deps.onFatal(error);
  }

  async function readCap(): Promise<Cap | undefined> {
    try {
      const cap = await ledger.readCap();
      metrics.dependencies.set('postgres', true);
      backOff.reset();
      return cap;
    } catch (error) {
      if (!isOrderError(error) || error.disposition !== 'retry') throw error;
      metrics.dependencies.set('postgres', false);
      logger.warn({ err: error }, 'the cap cannot be read; trying again');
      await clock.sleep(backOff.nextMs(), stopping.signal);
      return undefined;
    }
  }

  function prefetchFor(cap: Cap): number {
    return deps.options.prefetchEnvelopes || prefetchEnvelopes(cap);
  }

  /** Gives everything that is not written back, so that no delivery ages while nothing is drained. */
  async function letGo(): Promise<void> {
    await consumer.cancel();
    batcher.drop();
    await Promise.all(settling);
    await consumer.requeue();
  }

  async function whilePaused(): Promise<Cap> {
    logger.info('draining is paused');
    await letGo();
    while (!stopping.signal.aborted) {
      await rest(capPollMs);
      const cap = await readCap();
      if (cap && !cap.paused) {
        logger.info('draining is resumed');
        await consumer.resume(prefetchFor(cap));
        return cap;
      }
    }
    return (await readCap()) ?? stoppedCap;
  }

  /** A change of the cap changes how much a drainer should hold. */
  async function follow(before: Cap): Promise<void> {
    logger.info({ capOrdersPerSecond: cap.ordersPerSecond, reason: cap.reason }, 'the cap has changed');
    if (prefetchFor(cap) !== prefetchFor(before)) {
      await letGo();
      await consumer.resume(prefetchFor(cap));
    }
  }

  async function nextBatch(): Promise<BatchEntry[]> {
    const wanted = batchOrders(cap);
    const restMs = batchLeftAtMs + deps.options.batchMaxAgeMs - clock.monotonicMs();
    if (batcher.size() < wanted && restMs > 0) await rest(restMs, wanted);
    batchLeftAtMs = clock.monotonicMs();
    return batcher.take(wanted);
  }

  async function write(batch: BatchEntry[]): Promise<Experience> {
    const written = await writeBatch(batch, givingUp.signal, cap);
    track(finish(written));
    if (written.left.length > 0) batcher.putBack(written.left);
    cap = written.cap;
    const spacingMs = (batch.length / cap.ordersPerSecond) * 1_000;
    return { nextInMs: written.nextInMs, waitedMs: written.waitedMs, spacingMs };
  }

  /** Starts writing what has arrived, when its turn has come. */
  async function writeNext(): Promise<void> {
    while (settling.size >= settlingMax) await Promise.race(settling);
    await lanes.untilTurn(capPollMs, givingUp.signal);
    const batch = await nextBatch();
    if (batch.length > 0) await lanes.begin(() => write(batch));
  }

  async function run(): Promise<void> {
    let followed = cap;
    while (!stopping.signal.aborted && !lanes.fault()) {
      if (cap.paused) {
        await lanes.idle();
        cap = await whilePaused();
        followed = cap;
      } else if (cap.ordersPerSecond !== followed.ordersPerSecond) {
        await lanes.idle();
        await follow(followed);
        followed = cap;
      } else if (batcher.size() > 0) {
        await writeNext();
      } else {
        await rest(capPollMs);
        if (batcher.size() === 0 && !stopping.signal.aborted) cap = (await readCap()) ?? cap;
      }
    }
    await lanes.idle();
    const fault = lanes.fault();
    if (fault) throw fault.error;
  }

  /** Nothing more is delivered: what has been is written still, for given back it would be delivered again. */
  async function writeHeld(): Promise<void> {
    const mayWrite = () => !dead && !lanes.fault() && !cap.paused && !givingUp.signal.aborted;
    while (batcher.size() > 0 && mayWrite()) await writeNext();
    await lanes.idle();
    const fault = lanes.fault();
    if (fault && !dead) die(fault.error);
  }

  /** After the commit: dead-letter what can't be written, publish events and settle claims, then acknowledge. */
  async function finish(written: WrittenBatch<BatchEntry>): Promise<void> {
    deps.hitFailpoint('commit-settle');
    const failed = await deadLetterer.orders(written);
    count(written, failed.settlements);
    const unwritable = failed.done.map((entry, i) => ({ entry, settlement: failed.settlements[i]! }));
    const settled = [...written.settled, ...unwritable];
    // Both at once: a shopper's answer does not wait for events, and what is not acknowledged repeats either.
    const [announced] = await Promise.all([
      announce(settled),
      settleClaims(
        settled.map(({ settlement }) => settlement),
        failedOrders(settled),
      ),
    ]);
    if (!announced) return;
    deps.hitFailpoint('settle-ack');
    for (const { entry } of settled) markDone(entry);
  }

  function count(written: WrittenBatch<BatchEntry>, failed: readonly Settlement[]): void {
    const outcomes = { confirmed: 0, rejected: 0, failed: failed.length };
    for (const { entry, settlement } of written.settled) {
      if (settlement.repeated) continue;
      outcomes[settlement.status] += 1;
      metrics.settleSeconds.observe(Math.max(0, settlement.settledAtMs - entry.order.claimedAtMs) / 1_000);
    }
    for (const [outcome, n] of Object.entries(outcomes)) if (n > 0) metrics.drained.labels(outcome).inc(n);
  }

  return {
    async start() {
      await consumer.start();
      loop = (async () => {
        let first: Cap | undefined;
        while (!first && !stopping.signal.aborted) first = await readCap();
        if (!first) return;
        cap = first;
        if (!cap.paused) await consumer.resume(prefetchFor(cap));
        await run();
      })().catch(die);
    },
    async stop(deadlineMs) {
      if (!stopping.signal.aborted) {
        stopping.abort();
        resting.wake();
        const patience = setTimeout(() => givingUp.abort(), deadlineMs / 2);
        await consumer.cancel();
        await loop;
        await writeHeld();
        await Promise.all(settling);
        clearTimeout(patience);
        batcher.drop();
        await consumer.requeue();
      }
      await consumer.stop(deadlineMs);
    },
  };
}

/** The orders of a batch that failed and may yet be redriven. */
function failedOrders(settled: readonly SettledEntry<BatchEntry>[]): SettledClaim[] {
  return settled
    .filter(({ settlement }) => settlement.status === 'failed' && settlement.reason !== 'purged')
    .map(({ entry, settlement }) => ({ ...settlement, order: entry.order }));
}

const stoppedCap: Cap = { ordersPerSecond: 1, paused: true, reason: 'configured', burstOrders: 1 };
