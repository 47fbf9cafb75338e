import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { fingerprint } from '../../order/order.ts';

/** What the lines of a load test's order log say about one transaction ID. */
export interface LoggedOrder {
  /** Fingerprint of the order that was answered 202, or 200 as a replay. */
  told: string | undefined;
  /** Another order that was answered so under the same ID. */
  toldOtherwise: string | undefined;
  /** Fingerprints of the orders that were answered 422. */
  reused: string[] | undefined;
  /** No answer, or one that leaves the outcome open. */
  open: boolean;
  /** Rows of the ledger with this ID. */
  rows: number;
}

export interface OrderLog {
  readonly orders: Map<string, LoggedOrder>;
  /** Lines of the whole log, and those that are not an answer. */
  readonly lines: number;
  readonly unreadable: number;
  /** The last line breaks off: the load test was cut short. */
  readonly torn: boolean;
  /** Per SKU the smallest quantity that was answered `sold-out`, and how often. */
  readonly soldOut: ReadonlyMap<string, { smallest: number; answers: number }>;
}

interface Line {
  readonly transactionId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly customerId: string;
  readonly status: number;
  readonly outcome: string;
}

const chunkBytes = 1_048_576;
/** A part of the log that is held in memory at once: about a million lines, for which a process takes 650 MB. */
const partBytes = 200_000_000;

/** In how many parts a log is read, by transaction ID, so that memory stays bounded. */
export async function partsOf(path: string): Promise<number> {
  const file = await open(path, 'r').catch(unreadableLog);
  try {
    return Math.max(1, Math.ceil((await file.stat()).size / partBytes));
  } finally {
    await file.close();
  }
}

/**
 * Reads the orders of one part of the log; what is counted over all lines is counted in part 0.
 *
 * @throws Error with code `log-unreadable`
 */
export async function readOrderLog(
  path: string,
  part: number,
  parts: number,
  onLines: (lines: number) => void,
): Promise<OrderLog> {
  const orders = new Map<string, LoggedOrder>();
  const soldOut = new Map<string, { smallest: number; answers: number }>();
  let lines = 0;
  let unreadable = 0;
  let torn = false;

  function take(text: string, last: boolean): void {
    if (text.trim() === '') return;
    lines += 1;
    const line = parseLine(text);
    if (!line) {
      if (last) torn = true;
      else unreadable += 1;
      return;
    }
    if (part === 0 && line.outcome === 'sold-out') {
      const sku = soldOut.get(line.sku) ?? { smallest: line.quantity, answers: 0 };
      sku.smallest = Math.min(sku.smallest, line.quantity);
      sku.answers += 1;
      soldOut.set(line.sku, sku);
    }
    if (parts === 1 || partOf(line.transactionId, parts) === part) addLine(orders, line);
  }

  for await (const { texts, last } of linesOf(path)) {
    for (const text of texts) take(text, last);
    onLines(lines);
  }
  return { orders, lines, unreadable, torn, soldOut };
}

export function partOf(transactionId: string, parts: number): number {
  let hash = 0;
  for (let i = 0; i < transactionId.length; i++) hash = (hash * 31 + transactionId.charCodeAt(i)) >>> 0;
  return hash % parts;
}

function addLine(orders: Map<string, LoggedOrder>, line: Line): void {
  let order = orders.get(line.transactionId);
  if (!order) {
    order = { told: undefined, toldOtherwise: undefined, reused: undefined, open: false, rows: 0 };
    orders.set(line.transactionId, order);
  }
  const { status, outcome } = line;
  if (status === 202 || (status === 200 && outcome === 'replayed')) {
    const print = fingerprint(line);
    if (order.told === undefined) order.told = print;
    else if (order.told !== print) order.toldOtherwise = print;
  } else if (status === 422) {
    order.reused ??= [];
    order.reused.push(fingerprint(line));
  } else if (isOpen(status, outcome)) {
    order.open = true;
  }
}

/** 0: no answer came; 5xx other than a plain 503: whatever it was, the order may have been claimed. */
function isOpen(status: number, outcome: string): boolean {
  return status === 0 || outcome === 'outcome-unknown' || (status >= 500 && status !== 503);
}

function parseLine(text: string): Line | undefined {
  try {
    const line = JSON.parse(text) as Partial<Line> | null;
    const readable =
      typeof line?.transactionId === 'string' &&
      typeof line.sku === 'string' &&
      typeof line.quantity === 'number' &&
      typeof line.customerId === 'string' &&
      typeof line.status === 'number' &&
      typeof line.outcome === 'string';
    return readable ? (line as Line) : undefined;
  } catch {
    return undefined;
  }
}

/** The lines of a file, many at a time; `last` where the file ends without a line break after it. */
async function* linesOf(path: string): AsyncGenerator<{ texts: string[]; last: boolean }> {
  const file = await open(path, 'r').catch(unreadableLog);
  const decoder = new StringDecoder('utf8');
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let rest = '';
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, chunkBytes).catch(unreadableLog);
      if (bytesRead === 0) break;
      const texts = (rest + decoder.write(buffer.subarray(0, bytesRead))).split('\n');
      rest = texts.pop()!;
      yield { texts, last: false };
    }
    rest += decoder.end();
    if (rest !== '') yield { texts: [rest], last: true };
  } finally {
    await file.close();
  }
}

function unreadableLog(cause: unknown): never {
  const because = cause instanceof Error ? cause.message : String(cause);
  throw Object.assign(new Error(`the order log can't be read: ${because}`, { cause }), {
    code: 'log-unreadable',
  });
}
