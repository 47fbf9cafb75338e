import { durationSeconds, intendedSeconds, type RateProfile, sequence } from '../profile/rate-profile.ts';
import { createHttpClient } from './http-client.ts';
import type { LoadOrder, OrderLog } from './order-log.ts';
import { orderRequest, requestHead } from './order-request.ts';
import { outcomeOf } from './outcome.ts';
import { createRecorder, type DriveResult, type Snapshot } from './recorder.ts';

/** What an order asks for; the driver adds the transaction ID and the time. */
export interface Wish {
  readonly sku: string;
  readonly quantity: number;
  readonly customerId: string;
}

export interface DriveOptions {
  /** Gateways, one or more. Orders go round in turn, the copies of an order each to the next gateway. */
  readonly targets: readonly URL[];
  readonly saleId: string;
  /** Start of every transaction ID, unique to the run, 1–40 of `A-Za-z0-9_-`. */
  readonly runPrefix: string;
  /** Sent first and left out of the latencies. */
  readonly warmup: RateProfile;
  readonly profile: RateProfile;
  readonly wish: (index: number, warmup: boolean) => Wish;
  /** How often each order is sent, at the same moment. */
  readonly copies: number;
  readonly log: OrderLog;
  /** Requests in flight at most, over all targets; beyond it they are counted as dropped. Default 20,000. */
  readonly maxInFlight?: number;
  /** Sockets at most, over all targets; beyond it requests wait in line, in flight all the same. Default 2,048. */
  readonly maxConnections?: number;
  /** Default 10,000. */
  readonly timeoutMs?: number;
  /** No new orders after this; those in flight are waited for. */
  readonly signal?: AbortSignal;
}

export interface Drive {
  readonly snapshot: () => Snapshot;
  /** Resolves when every request has ended, at the latest `timeoutMs` after the last one was sent. */
  readonly done: Promise<DriveResult>;
}

/**
 * Sends orders at their intended times, whether or not the server answers, and measures each from its intended
 * time: a server that stalls is charged for everyone who was waiting.
 *
 * Node's timers fire once a millisecond, so an order leaves about half a millisecond after its time on average.
 * That is part of the latency, and reported as `lateness`. With this driver on one of two cores, the server on
 * the other, 5,000 orders/s took 0.24 of a core and 8,000/s 0.27 (log and histograms
 * included; means over runs of which a fifth was a warm-up at 500/s).
 */
export function driveOpenLoop(options: DriveOptions): Drive {
  const { targets, saleId, runPrefix, wish, copies, log, signal } = options;
  const { maxInFlight = 20_000, maxConnections = 2_048, timeoutMs = 10_000 } = options;
  const warmupSeconds = durationSeconds(options.warmup);
  const schedule = intendedSeconds(sequence(options.warmup, options.profile));
  const recorder = createRecorder({ log, warmupSeconds });
  const gateways = targets.map((target) => ({
    head: requestHead(target, saleId),
    client: createHttpClient<LoadOrder>({
      target,
      timeoutMs,
      maxConnections: Math.max(1, Math.floor(maxConnections / targets.length)),
      onAnswer: (order, answer) => {
        recorder.ended(order, answer.status, outcomeOf(answer));
        finishWhenIdle();
      },
      onSilence: (order, silence) => {
        recorder.ended(order, 0, silence);
        finishWhenIdle();
      },
    }),
  }));
  let sequenceNumber = 0;
  let next = schedule.next();
  let allSent = false;
  let resolve: (result: DriveResult) => void;
  let reject: (error: unknown) => void;
  const done = new Promise<DriveResult>((onResult, onError) => {
    resolve = onResult;
    reject = onError;
  });

  function place(second: number): void {
    const warmup = second < warmupSeconds;
    const transactionId = `${runPrefix}-${sequenceNumber.toString(36)}`;
    const order = { ...wish(sequenceNumber, warmup), transactionId, intendedMs: second * 1_000, warmup };
    recorder.order(warmup);
    for (let copy = 0; copy < copies; copy++) {
      if (recorder.inFlight() >= maxInFlight) {
        recorder.dropped(order);
      } else {
        const { head, client } = gateways[(sequenceNumber + copy) % gateways.length]!;
        recorder.sent(order);
        client.send(order, orderRequest(head, order));
      }
    }
    sequenceNumber++;
  }

  function tick(): void {
    try {
      const now = recorder.elapsedMs();
      for (; !next.done && next.value * 1_000 <= now; next = schedule.next()) place(next.value);
      if (next.done || signal?.aborted) {
        allSent = true;
        finishWhenIdle();
      } else {
        setTimeout(tick, Math.min(100, Math.max(1, next.value * 1_000 - recorder.elapsedMs())));
      }
    } catch (error) {
      for (const { client } of gateways) client.close();
      reject(error);
    }
  }

  function finishWhenIdle(): void {
    if (!allSent || recorder.inFlight() > 0) return;
    for (const { client } of gateways) client.close();
    resolve(recorder.result());
  }

  tick();
  return { snapshot: recorder.snapshot, done };
}
