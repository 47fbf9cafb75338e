import { newTransactionId } from './kept-order.js';
import { pause, retryDelayMs } from './pause.js';

/** Problems that pass: the same order is sent again. After these the gateway may have taken it. */
const mayBeTaken = new Set(['outcome-unknown', 'internal', 'request-timeout']);
/** And after these it has not. */
const notTaken = new Set(['unavailable', 'rate-limited', 'sale-not-open']);
/** Staff may send a failed order through again. */
const failedCheckMs = 30_000;

const isSettled = (order) => !['pending', 'accepted'].includes(order.status);

/**
 * One order of one SKU from the click to its end, through whatever happens to gateway and page in between.
 *
 * `show` is called with each state: `{ phase: 'idle' | 'stopped' }`, `{ phase: 'sending' }`,
 * `{ phase: 'retrying', why, untilMs, canStop }`, `{ phase: 'line', order, lost }`, `{ phase: 'settled', order }`,
 * `{ phase: 'refused', problem }`.
 *
 * @param {{ sku: string, gateway: object, kept: object, show: (state: object) => void }} deps
 */
export function createOrderLine({ sku, gateway, kept, show }) {
  let stopping;
  let stoppable = false;

  /** What runs until the shopper, or another tab, wants something else. */
  function begin() {
    stopping = new AbortController();
    return stopping.signal;
  }

  async function pursue(order) {
    const signal = begin();
    let current = order;
    let state = { phase: 'sending' };
    for (let tries = 1; ; tries++) {
      show(state);
      const answer = await gateway.place(current);
      if (signal.aborted) return;
      if (answer.order) return follow(current, answer.order, signal);
      const mayBe = answer.away || mayBeTaken.has(answer.problem);
      if (!mayBe && !notTaken.has(answer.problem)) return refuse(current, answer);
      if (mayBe && !current.mayBeTaken) current = kept.write({ ...current, mayBeTaken: true });
      const delayMs = retryDelayMs(answer.retryAfterSeconds, tries);
      const why = answer.away ? 'away' : `problem.${answer.problem}`;
      stoppable = !current.mayBeTaken;
      show({ phase: 'retrying', why, untilMs: Date.now() + delayMs, canStop: stoppable });
      await pause(delayMs, signal);
      if (signal.aborted) return;
      // What is under way can't be called back.
      stoppable = false;
      state = { phase: 'retrying', why, untilMs: 0, canStop: false };
    }
  }

  async function follow(taken, first, signal) {
    const inLine = kept.write({ ...taken, mayBeTaken: true });
    const { transactionId } = inLine;
    let order;
    let tries = 0;
    const seen = (next) => {
      // The gateway that answered knows of the broker's confirm a moment before the others do.
      const isOlder = order?.status === 'accepted' && next.status === 'pending';
      order = isOlder ? { ...next, status: 'accepted' } : next;
      tries = 0;
      if (isSettled(order)) settle(inLine, order);
      else show({ phase: 'line', order, lost: false });
    };
    seen(first);
    while (!isSettled(order)) {
      const end = await gateway.follow(transactionId, seen, signal);
      if (signal.aborted || isSettled(order)) return;
      if (end.problem === 'unknown-order') return pursue(inLine);
      if (end.problem === 'unauthorized') return refuse(inLine, end);
      tries += 1;
      show({ phase: 'line', order, lost: true });
      await pause(retryDelayMs(end.retryAfterSeconds, tries), signal);
      if (signal.aborted) return;
      if (!end.problem) continue;
      // Where the gateway has no stream to spare, asking does.
      const answer = await gateway.status(transactionId);
      if (signal.aborted) return;
      if (answer.order) seen(answer.order);
    }
  }

  function settle(order, { status, reason, settledAt }) {
    const settled = kept.write({ ...order, settled: { status, reason, settledAt } });
    show({ phase: 'settled', order: settled });
    if (status === 'failed' && reason !== 'purged') void watchFailed(settled);
  }

  /** A dead letter may be redriven yet. */
  async function watchFailed(order) {
    const signal = begin();
    for (;;) {
      await pause(failedCheckMs * (0.75 + Math.random() / 2), signal);
      if (signal.aborted) return;
      const { order: now } = await gateway.status(order.transactionId);
      if (signal.aborted || kept.read()?.transactionId !== order.transactionId) return;
      if (now && !isSettled(now)) return follow(order, now, signal);
      if (now && (now.status !== 'failed' || now.reason === 'purged')) return settle(order, now);
    }
  }

  function refuse(order, { problem, detail }) {
    // Once signed in again the order goes on under its number; every other refusal has left no trace.
    if (problem !== 'unauthorized') kept.remove();
    stopping = undefined;
    show({ phase: 'refused', problem, detail, order });
  }

  function goOn(order) {
    stopping?.abort();
    stopping = undefined;
    if (!order) return show({ phase: 'idle' });
    if (!order.settled) return void pursue(order);
    settle(order, order.settled);
  }

  return {
    /** Starts an order, unless there is one under way: here, or in another tab. */
    buy(quantity, customerId) {
      const known = kept.read();
      if (known && !known.settled) return stopping ? undefined : goOn(known);
      goOn(kept.write({ transactionId: newTransactionId(), sku, quantity, customerId }));
    },
    /** Shows, and goes on with, what the browser has kept. */
    resume: () => goOn(kept.read()),
    /** Puts a settled order away. */
    again() {
      kept.remove();
      goOn(undefined);
    },
    /** Gives up an order that has certainly not been taken. */
    stop() {
      if (!stoppable) return;
      stoppable = false;
      kept.remove();
      stopping?.abort();
      stopping = undefined;
      show({ phase: 'stopped' });
    },
  };
}
