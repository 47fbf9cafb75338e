import { createHttpClient, type HttpClient } from '../../driver/http-client.ts';
import type { LoadOrder, OrderLog } from '../../driver/order-log.ts';
import { orderRequest, requestHead } from '../../driver/order-request.ts';
import { type Outcome, outcomeOf } from '../../driver/outcome.ts';
import { createRecorder, type Recorder } from '../../driver/recorder.ts';

/** What an order asks for. */
export type Wish = Pick<LoadOrder, 'transactionId' | 'sku' | 'quantity' | 'customerId'>;

/** How one request ended. */
export interface Reply {
  readonly order: Wish;
  readonly gateway: number;
  /** 0 where no answer came. */
  readonly status: number;
  readonly outcome: Outcome;
  /** Milliseconds since the load's start. */
  readonly sentMs: number;
  readonly latencyMs: number;
  readonly retryAfterSeconds: number | undefined;
}

/** Where orders are handed in: every request is logged, counted and timed. */
export interface Desk {
  /** Sends an order through a gateway and resolves with how that ended; never rejects. */
  readonly send: (order: Wish, gateway: number) => Promise<Reply>;
  readonly gateways: number;
  readonly recorder: Recorder;
  /** Tells every reply; returns what ends that. */
  readonly watch: (listener: (reply: Reply) => void) => () => void;
  readonly close: () => void;
}

export interface DeskOptions {
  readonly targets: readonly URL[];
  readonly saleId: string;
  readonly log: OrderLog;
  /** A request without an answer after this counts as silence. */
  readonly timeoutMs: number;
}

interface Sent {
  readonly order: LoadOrder;
  readonly gateway: number;
  readonly resolve: (reply: Reply) => void;
}

/** Counts from now on. */
export function createDesk({ targets, saleId, log, timeoutMs }: DeskOptions): Desk {
  const recorder = createRecorder({ log, warmupSeconds: 0 });
  const listeners = new Set<(reply: Reply) => void>();
  const doors: { head: string; client: HttpClient<Sent> }[] = targets.map((target) => ({
    head: requestHead(target, saleId),
    client: createHttpClient<Sent>({
      target,
      timeoutMs,
      maxConnections: 1_024,
      onAnswer: (sent, answer) => end(sent, answer.status, outcomeOf(answer), answer.retryAfterSeconds),
      onSilence: (sent, silence) => end(sent, 0, silence, undefined),
    }),
  }));

  function end(sent: Sent, status: number, outcome: Outcome, retryAfterSeconds: number | undefined): void {
    const { order, gateway, resolve } = sent;
    recorder.ended(order, status, outcome);
    const sentMs = order.intendedMs;
    const latencyMs = recorder.elapsedMs() - sentMs;
    const reply = { order, gateway, status, outcome, sentMs, latencyMs, retryAfterSeconds };
    for (const listener of listeners) listener(reply);
    resolve(reply);
  }

  return {
    gateways: targets.length,
    recorder,
    send(wish, gateway) {
      const order = { ...wish, intendedMs: recorder.elapsedMs(), warmup: false };
      const { head, client } = doors[gateway % doors.length]!;
      recorder.sent(order);
      return new Promise((resolve) =>
        client.send({ order, gateway: gateway % doors.length, resolve }, orderRequest(head, order)),
      );
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      for (const { client } of doors) client.close();
    },
  };
}
