import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Outcome } from './outcome.ts';

/** One order as the driver sends it. A duplicate is the same order sent again. */
export interface LoadOrder {
  readonly transactionId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly customerId: string;
  /** When it was to be sent, in ms from the start of the run. */
  readonly intendedMs: number;
  readonly warmup: boolean;
}

export interface OrderLog {
  /** `status` is 0 where no answer came; `latencyMs` counts from the intended time. */
  readonly write: (order: LoadOrder, status: number, outcome: Outcome, latencyMs: number) => void;
  /** Resolves when every line is in the file. Idempotent. */
  readonly close: () => Promise<void>;
}

const CHUNK_CHARACTERS = 65_536;

/** Newline-delimited JSON, one line per request, in the order the requests ended; `sluice audit --log` reads it. */
export function createOrderLog(path: string): OrderLog {
  const stream = createWriteStream(path);
  let failure: Error | undefined;
  stream.on('error', (error) => {
    failure = error;
  });
  let chunk = '';
  let closing: Promise<void> | undefined;

  function write(order: LoadOrder, status: number, outcome: Outcome, latencyMs: number): void {
    const { transactionId, sku, quantity, customerId, intendedMs } = order;
    // Written by hand: JSON.stringify costs several times as much, and no field here needs escaping.
    chunk += `{"transactionId":"${transactionId}","sku":"${sku}","quantity":${quantity},"customerId":"${customerId}","status":${status},"outcome":"${outcome}","intendedMs":${intendedMs.toFixed(2)},"latencyMs":${latencyMs.toFixed(2)}}\n`;
    if (chunk.length >= CHUNK_CHARACTERS) flush();
  }

  function flush(): void {
    stream.write(chunk, 'latin1');
    chunk = '';
  }

  async function close(): Promise<void> {
    closing ??= (async () => {
      flush();
      stream.end();
      if (failure === undefined) await finished(stream);
      else throw failure;
    })();
    return closing;
  }

  return { write, close };
}
