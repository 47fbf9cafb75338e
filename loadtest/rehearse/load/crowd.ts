import { setTimeout as delay } from 'node:timers/promises';
import { createRandom } from '../../random.ts';
import type { Desk, Reply, Wish } from './desk.ts';
import { plentySku, shopperAt } from './goods.ts';

export interface CrowdOptions {
  readonly desk: Desk;
  /** Start of every transaction ID. */
  readonly prefix: string;
  readonly seed: number;
  readonly ordersPerSecond: number;
  /** Orders that will be sent in all; the shoppers' wishes follow from it. */
  readonly orders: number;
  readonly signal: AbortSignal;
}

/** Shoppers, one after the other; the same seed and place make the same shopper. */
export interface Crowd {
  /** Orders sent so far: numbered ones, without repeats, retries and probes. */
  readonly sent: () => number;
  /** Lets orders be sent until this many have been; they stop there. */
  readonly allow: (orders: number) => void;
  /** Resolves when exactly this many have been sent, at once where it is more. */
  readonly reach: (orders: number) => Promise<void>;
  /** Sends one further order through one gateway, once. */
  readonly probe: (gateway: number) => Promise<Reply>;
  /** Sends nothing new any more, and resolves when every shopper has an answer or has given up. */
  readonly finish: () => Promise<void>;
  /** Sends nothing new any more. Idempotent. */
  readonly stop: () => void;
}

const tickMs = 10;
const patienceMs = 60_000;
const networkRetryMs = 300;
const longestRetryMs = 8_000;
const comeBackAfterMs = 250;

export function createCrowd(options: CrowdOptions): Crowd {
  const { desk, prefix, seed, ordersPerSecond, orders, signal } = options;
  const shopping = new Set<Promise<void>>();
  const waiting = new Set<{ orders: number; resolve: () => void }>();
  let sent = 0;
  let probes = 0;
  let limit = 0;
  let due = 0;
  let tickedAtMs = performance.now();
  let finished = false;
  const timer = setInterval(tick, tickMs);
  signal.addEventListener('abort', stop, { once: true });

  function tick(): void {
    const nowMs = performance.now();
    due += ((nowMs - tickedAtMs) * ordersPerSecond) / 1_000;
    tickedAtMs = nowMs;
    for (; due >= 1 && sent < limit && !finished; due -= 1) {
      const visit = shop(sent);
      shopping.add(visit);
      void visit.finally(() => shopping.delete(visit));
      sent += 1;
    }
    // Time at the limit is no debt, and a stall of this process is not made up for with a burst.
    due = Math.min(due, sent < limit ? ordersPerSecond / 10 : 1);
    wake();
  }

  function wake(): void {
    for (const waiter of waiting) {
      if (sent < waiter.orders && !finished) continue;
      waiting.delete(waiter);
      waiter.resolve();
    }
  }

  async function shop(place: number): Promise<void> {
    const shopper = shopperAt(createRandom(seed, place), orders);
    const { sku, quantity, customerId } = shopper;
    const order: Wish = { transactionId: `${prefix}-${place.toString(36)}`, sku, quantity, customerId };
    if (shopper.impatient) void desk.send(order, place + 1);
    const last = await sendUntilAnswered(order, place, shopper.walksAway);
    if (!isKept(last)) return;
    if (shopper.comesBack) {
      await pause(comeBackAfterMs);
      await desk.send(order, place + 1);
    }
    if (shopper.reusesId) await desk.send({ ...order, quantity: quantity + 1 }, place);
  }

  /** With the same ID, through one gateway after the other, as `Retry-After` says and ever more slowly. */
  async function sendUntilAnswered(order: Wish, place: number, walksAway: boolean): Promise<Reply> {
    const endsAtMs = performance.now() + patienceMs;
    for (let attempt = 0; ; attempt++) {
      const reply = await desk.send(order, place + attempt);
      const answered = reply.status !== 0 && reply.status !== 503;
      if (answered || walksAway || signal.aborted || performance.now() > endsAtMs) return reply;
      const least = reply.status === 0 ? networkRetryMs : (reply.retryAfterSeconds ?? 1) * 1_000;
      await pause(Math.min(longestRetryMs, Math.max(least, networkRetryMs * 2 ** attempt)));
    }
  }

  function pause(ms: number): Promise<void> {
    return delay(ms, undefined, { signal }).catch(() => undefined);
  }

  function stop(): void {
    finished = true;
    clearInterval(timer);
    signal.removeEventListener('abort', stop);
    wake();
  }

  return {
    sent: () => sent,
    allow(allowed) {
      limit = Math.max(limit, allowed);
    },
    reach: (wanted) =>
      new Promise((resolve) => {
        waiting.add({ orders: wanted, resolve });
        wake();
      }),
    probe(gateway) {
      const order = {
        transactionId: `${prefix}-probe-${(probes++).toString(36)}`,
        sku: plentySku,
        quantity: 1,
        customerId: 'probe',
      };
      return desk.send(order, gateway);
    },
    async finish() {
      stop();
      while (shopping.size > 0) await Promise.all(shopping);
      // Repeats that nobody waited for.
      while (desk.recorder.inFlight() > 0) await delay(tickMs);
    },
    stop,
  };
}

/** Answered 202, or 200 as a replay. */
export function isKept({ outcome }: Reply): boolean {
  return outcome === 'accepted' || outcome === 'replayed';
}
