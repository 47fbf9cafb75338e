import { connect, type Socket } from 'node:net';
import { createOrderRequests, type OrderRequests } from './order-request.ts';
import { AnswerError, answerLength, answerStatus } from './scan-answer.ts';

export interface LoadOptions {
  /** The order endpoint of a sale. */
  readonly url: string;
  readonly sku: string;
  /** Keep-alive connections, one request under way on each. */
  readonly connections: number;
  readonly warmupMs: number;
  /** Length of the measured window behind the warm-up. */
  readonly windowMs: number;
}

/** Answers by status code. */
export type Statuses = Readonly<Record<number, number>>;

export interface LoadResult {
  /** Requests sent; each of them was answered. */
  readonly sent: number;
  /** All answers, those of the warm-up and those behind the window included. */
  readonly answers: Statuses;
  readonly windowAnswers: Statuses;
  /** How long the window really was. */
  readonly windowMs: number;
  /** Milliseconds since the epoch. */
  readonly firstSentAtMs: number;
}

const maxStatus = 600;
const answerBytesMax = 16_384;
/** An answer that takes this long means that the server is stuck. */
const answerDeadlineMs = 15_000;

/**
 * A closed loop over raw sockets: each connection sends its next order when the last one is answered. Orders under
 * way at the end are waited for, so that the counts are exact.
 *
 * Raw, because the generator shares the machine with what it measures: an HTTP client costs more CPU per request
 * than the server does, and would flatten every ratio.
 * @throws whatever breaks a connection; {AnswerError}
 */
export async function runClosedLoop(
  options: LoadOptions,
  onWindow: (edge: 'start' | 'end') => void = () => {},
): Promise<LoadResult> {
  const url = new URL(options.url);
  const requests = createOrderRequests(url, options.sku);
  const counts = new Float64Array(maxStatus);
  const state = { sent: 0, sending: true, counts };
  const sockets: Socket[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    const connections = await Promise.all(
      Array.from({ length: options.connections }, () => open(url, sockets, requests, state)),
    );
    const failed = Promise.race(connections.map(({ failed }) => failed));
    failed.catch(() => {});
    const wait = (ms: number) =>
      Promise.race([
        failed,
        new Promise<void>((resolve) => {
          timer = setTimeout(resolve, ms);
        }),
      ]);

    const firstSentAtMs = Date.now();
    for (const { send } of connections) send();
    if (options.warmupMs > 0) await wait(options.warmupMs);
    const before = counts.slice();
    const startedAt = performance.now();
    onWindow('start');
    await wait(options.windowMs);
    const windowMs = performance.now() - startedAt;
    const window = counts.map((count, status) => count - before[status]!);
    onWindow('end');
    state.sending = false;
    const late = wait(answerDeadlineMs).then(() => {
      throw new AnswerError(`an order was not answered within ${answerDeadlineMs / 1_000} s`);
    });
    await Promise.race([Promise.all(connections.map(({ idle }) => idle)), late]);
    return {
      sent: state.sent,
      answers: byStatus(counts),
      windowAnswers: byStatus(window),
      windowMs,
      firstSentAtMs,
    };
  } finally {
    clearTimeout(timer);
    for (const socket of sockets) socket.destroy();
  }
}

interface LoadState {
  sent: number;
  sending: boolean;
  readonly counts: Float64Array;
}

interface Connection {
  readonly send: () => void;
  /** Resolves when the last order is answered and no further one will be sent. */
  readonly idle: Promise<void>;
  /** Never resolves. */
  readonly failed: Promise<never>;
}

function open(url: URL, sockets: Socket[], requests: OrderRequests, state: LoadState): Promise<Connection> {
  return new Promise((resolveOpen, rejectOpen) => {
    const request = requests.create();
    const bytes = Buffer.allocUnsafe(answerBytesMax);
    let held = 0;
    let becomeIdle!: () => void;
    let fail!: (error: Error) => void;
    const idle = new Promise<void>((resolve) => {
      becomeIdle = resolve;
    });
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    failed.catch(() => {});

    function send(): void {
      requests.next(request);
      state.sent += 1;
      socket.write(request.bytes);
    }

    function answered(): void {
      const length = answerLength(bytes, held);
      if (length === 0) {
        if (held === answerBytesMax) throw new AnswerError('an answer is longer than 16 KiB');
        return;
      }
      if (length < held) throw new AnswerError('more bytes than one answer');
      state.counts[answerStatus(bytes)]! += 1;
      held = 0;
      if (state.sending) send();
      else becomeIdle();
    }

    const socket = connect({
      host: url.hostname,
      port: Number(url.port),
      noDelay: true,
      onread: {
        // Where the next bytes go: behind those of an answer that came in pieces.
        buffer: () => (held === 0 ? bytes : bytes.subarray(held)),
        callback: (received) => {
          held += received;
          try {
            answered();
          } catch (error) {
            fail(error as Error);
          }
          return true;
        },
      },
    });
    sockets.push(socket);
    socket.once('connect', () => resolveOpen({ send, idle, failed }));
    socket.on('error', (error) => {
      rejectOpen(error);
      fail(error);
    });
    socket.once('close', () => fail(new AnswerError('the server closed a connection')));
  });
}

function byStatus(counts: Float64Array): Statuses {
  const statuses: Record<number, number> = {};
  counts.forEach((count, status) => {
    if (count > 0) statuses[status] = count;
  });
  return statuses;
}
