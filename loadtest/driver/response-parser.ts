/** What the driver needs to know of an HTTP answer: the status, and the two facts that tell outcomes apart. */
export interface Answer {
  readonly status: number;
  /** The `Idempotent-Replayed: true` header was there. */
  readonly replayed: boolean;
  /** The problem document names `outcome-unknown`. Looked for in 503 answers only. */
  readonly outcomeUnknown: boolean;
  /** The server keeps the connection open after this answer. */
  readonly keepAlive: boolean;
  /** From `Keep-Alive: timeout=N`, in seconds, if the server sent one. */
  readonly keepAliveSeconds: number | undefined;
  /** The `Retry-After` of an answer of 400 or above, in seconds, if there was one. */
  readonly retryAfterSeconds: number | undefined;
}

/**
 * `incomplete`: give the same bytes again with more behind them. `malformed`: not HTTP/1.x, or bytes beyond the
 * answer that nobody asked for.
 */
export type ParseResult = Answer | 'incomplete' | 'malformed';

const HEAD_END = Buffer.from('\r\n\r\n');
const MAX_HEAD_BYTES = 16_384;

/**
 * Reads one HTTP/1.1 answer from the start of `bytes[0, length)`, interim (1xx) answers skipped. Only the head
 * is decoded; a body is skipped by its length, or searched for one word in a 503. `ended` says that the server
 * closed the connection behind these bytes, which is where a body without a length ends.
 */
export function parseResponse(bytes: Buffer, length: number, ended = false): ParseResult {
  let start = 0;
  for (;;) {
    const headEnd = bytes.subarray(0, length).indexOf(HEAD_END, start);
    if (headEnd < 0) return length - start > MAX_HEAD_BYTES ? 'malformed' : 'incomplete';
    const head = bytes.toString('latin1', start, headEnd);
    const status = statusOf(head);
    if (status === undefined) return 'malformed';
    const bodyStart = headEnd + 4;
    if (status >= 200) return readBody({ bytes, length, ended, head, status, bodyStart });
    start = bodyStart;
  }
}

interface Message {
  readonly bytes: Buffer;
  readonly length: number;
  readonly ended: boolean;
  readonly head: string;
  readonly status: number;
  readonly bodyStart: number;
}

function readBody(message: Message): ParseResult {
  const { bytes, length, ended, head, status, bodyStart } = message;
  if (status === 204 || status === 304) return answer(message, bodyStart, bodyStart);
  const contentLength = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (contentLength !== undefined) return answer(message, bodyStart, bodyStart + Number(contentLength));
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    const end = chunkedEnd(bytes, bodyStart, length);
    return typeof end === 'number' ? answer(message, bodyStart, end) : end;
  }
  return ended ? answer(message, bodyStart, length) : 'incomplete';
}

function statusOf(head: string): number | undefined {
  if (!head.startsWith('HTTP/1.')) return undefined;
  const status = Number(head.slice(9, 12));
  return status >= 100 && status <= 599 ? status : undefined;
}

function answer(message: Message, bodyStart: number, end: number): ParseResult {
  const { bytes, length, ended, head, status } = message;
  if (end > length) return 'incomplete';
  if (end < length) return 'malformed';
  const retryAfterSeconds = status < 400 ? undefined : /\r\nretry-after: *(\d+)/i.exec(head)?.[1];
  const keepAliveSeconds = /\r\nkeep-alive: *timeout=(\d+)/i.exec(head)?.[1];
  return {
    status,
    replayed: status < 300 && /\r\nidempotent-replayed: *true/i.test(head),
    outcomeUnknown: status === 503 && bytes.toString('latin1', bodyStart, end).includes('outcome-unknown'),
    keepAlive: !ended && head.startsWith('HTTP/1.1') && !/\r\nconnection: *close/i.test(head),
    keepAliveSeconds: keepAliveSeconds === undefined ? undefined : Number(keepAliveSeconds),
    retryAfterSeconds: retryAfterSeconds === undefined ? undefined : Number(retryAfterSeconds),
  };
}

function chunkedEnd(bytes: Buffer, from: number, length: number): number | 'incomplete' | 'malformed' {
  let at = from;
  for (;;) {
    const lineEnd = bytes.subarray(0, length).indexOf('\r\n', at, 'latin1');
    if (lineEnd < 0) return 'incomplete';
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (!(size >= 0)) return 'malformed';
    if (size === 0) return trailerEnd(bytes, lineEnd + 2, length);
    at = lineEnd + 2 + size + 2;
    if (at > length) return 'incomplete';
  }
}

function trailerEnd(bytes: Buffer, from: number, length: number): number | 'incomplete' {
  let at = from;
  for (;;) {
    const lineEnd = bytes.subarray(0, length).indexOf('\r\n', at, 'latin1');
    if (lineEnd < 0) return 'incomplete';
    if (lineEnd === at) return lineEnd + 2;
    at = lineEnd + 2;
  }
}
