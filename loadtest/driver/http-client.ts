import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Answer, parseResponse } from './response-parser.ts';

/** How a request ended without an answer. */
export type Silence = 'network-error' | 'timeout';

export interface HttpClientOptions<Request> {
  readonly target: URL;
  /** Open sockets at most (256 of them before their first answer); requests beyond it wait in line, oldest first. */
  readonly maxConnections: number;
  /** From `send` to the complete answer. Checked every 50 ms. */
  readonly timeoutMs: number;
  /** Exactly one of the two is called for each request, once. */
  readonly onAnswer: (request: Request, answer: Answer) => void;
  readonly onSilence: (request: Request, silence: Silence) => void;
}

export interface HttpClient<Request> {
  /** Writes `bytes` (a whole HTTP/1.1 request, Latin-1) on an idle connection, a new one, or in line. */
  readonly send: (request: Request, bytes: string) => void;
  /** Closes every connection; requests without an answer end as network errors. */
  readonly close: () => void;
}

interface Job<Request> {
  readonly request: Request;
  readonly bytes: string;
  readonly deadline: number;
}

interface Connection<Request> {
  readonly socket: Socket;
  job: Job<Request> | undefined;
  partial: Buffer | undefined;
  proven: boolean;
  idleUntil: number;
}

// Servers close idle connections after 5 s or more; a request written at that moment would be reset, and the
// driver would blame the server for its own choice of connection.
const IDLE_LIMIT_MS = 4_000;
// A server's queue of connections to accept is often 511 long. What overflows it looks connected from here, and
// is tried again by the kernel after 1, 3 and 7 s: the tail would be the kernel's, not the server's. So a
// connection counts as opening until its first answer, which proves that it was accepted.
const MAX_OPENING = 256;
const SWEEP_MS = 50;

/**
 * Why not a library: in this process, on 2 cores shared with a Fastify server, 5,000 and 8,000 orders/s took
 * 47 and 35 µs of CPU an order here, 54 and 44 µs with undici 7 (`Pool.dispatch`), 65 and 127 µs with
 * `node:http` and a keep-alive agent; and a library's pool hides when it opened another connection.
 *
 * A small HTTP/1.1 client over raw sockets with keep-alive: one request at a time on a connection, the most
 * recently used connection first.
 */
export function createHttpClient<Request>(options: HttpClientOptions<Request>): HttpClient<Request> {
  const { target, maxConnections, timeoutMs, onAnswer, onSilence } = options;
  const secure = target.protocol === 'https:';
  const host = target.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(target.port || (secure ? 443 : 80));
  const connections = new Set<Connection<Request>>();
  const idle: Connection<Request>[] = [];
  // Safe to share: each read is parsed, or copied, before the next one starts.
  const readBuffer = Buffer.allocUnsafe(65_536);
  let line: (Job<Request> | undefined)[] = [];
  let lineHead = 0;
  let opening = 0;
  let closed = false;
  const sweeper = setInterval(sweep, SWEEP_MS);

  function send(request: Request, bytes: string): void {
    const job = { request, bytes, deadline: performance.now() + timeoutMs };
    const ready = idle.pop();
    if (ready !== undefined) write(ready, job);
    else if (closed) onSilence(request, 'network-error');
    else if (mayOpen()) write(open(), job);
    else line.push(job);
  }

  function mayOpen(): boolean {
    return !closed && opening < MAX_OPENING && connections.size < maxConnections;
  }

  function openForLine(): void {
    while (mayOpen()) {
      const next = takeFromLine();
      if (next === undefined) return;
      write(open(), next);
    }
  }

  function write(connection: Connection<Request>, job: Job<Request>): void {
    connection.job = job;
    connection.socket.write(job.bytes, 'latin1');
  }

  function open(): Connection<Request> {
    const read = (count: number, bytes: Buffer) => receive(connection, count, bytes);
    const socket = secure
      ? connectTls({ host, port, servername: host })
      : connect({
          host,
          port,
          noDelay: true,
          onread: {
            buffer: readBuffer,
            callback: (count, bytes) => read(count, bytes as Buffer),
          },
        });
    if (secure) socket.on('data', (chunk: Buffer) => read(chunk.length, chunk));
    const connection: Connection<Request> = {
      socket,
      job: undefined,
      partial: undefined,
      proven: false,
      idleUntil: 0,
    };
    connections.add(connection);
    opening++;
    // 'close' follows every error, so that is where a request without an answer ends.
    socket.on('error', () => {});
    socket.on('end', () => end(connection));
    socket.on('close', () => lose(connection));
    return connection;
  }

  function receive(connection: Connection<Request>, count: number, bytes: Buffer): boolean {
    const { partial } = connection;
    const all = partial === undefined ? bytes : Buffer.concat([partial, bytes.subarray(0, count)]);
    const length = partial === undefined ? count : all.length;
    const result = connection.job === undefined ? 'malformed' : parseResponse(all, length);
    if (typeof result === 'object') {
      connection.partial = undefined;
      finish(connection, result);
    } else if (result === 'malformed') {
      connection.socket.destroy();
    } else {
      connection.partial = partial === undefined ? Buffer.from(bytes.subarray(0, length)) : all;
    }
    return true;
  }

  function finish(connection: Connection<Request>, answer: Answer): void {
    const job = connection.job!;
    connection.job = undefined;
    if (!connection.proven) {
      connection.proven = true;
      opening--;
      openForLine();
    }
    if (!answer.keepAlive || closed) {
      connection.socket.destroy();
    } else {
      const next = takeFromLine();
      if (next !== undefined) {
        write(connection, next);
      } else {
        const serverLimitMs = ((answer.keepAliveSeconds ?? 60) - 1) * 1_000;
        connection.idleUntil = performance.now() + Math.min(IDLE_LIMIT_MS, serverLimitMs);
        idle.push(connection);
      }
    }
    onAnswer(job.request, answer);
  }

  function end(connection: Connection<Request>): void {
    const { job, partial } = connection;
    const result = job && partial ? parseResponse(partial, partial.length, true) : 'incomplete';
    if (typeof result === 'object') finish(connection, result);
    else connection.socket.destroy();
  }

  function lose(connection: Connection<Request>): void {
    if (!connections.delete(connection)) return;
    if (!connection.proven) opening--;
    const { job } = connection;
    connection.job = undefined;
    if (job === undefined) {
      const at = idle.indexOf(connection);
      if (at >= 0) idle.splice(at, 1);
    } else {
      onSilence(job.request, 'network-error');
    }
    openForLine();
  }

  function takeFromLine(): Job<Request> | undefined {
    if (lineHead >= line.length) return undefined;
    const job = line[lineHead];
    line[lineHead++] = undefined;
    if (lineHead > 1_024 && lineHead * 2 > line.length) {
      line = line.slice(lineHead);
      lineHead = 0;
    }
    return job;
  }

  function sweep(): void {
    const now = performance.now();
    for (const connection of connections) {
      const { job } = connection;
      if (job === undefined ? now >= connection.idleUntil : now >= job.deadline) {
        connection.job = undefined;
        connection.socket.destroy();
        if (job !== undefined) onSilence(job.request, 'timeout');
      }
    }
    // Removed at once, not on 'close': a connection under destruction must not be handed out.
    for (let at = idle.length - 1; at >= 0; at--) if (idle[at]!.socket.destroyed) idle.splice(at, 1);
    while (lineHead < line.length && now >= line[lineHead]!.deadline) {
      onSilence(takeFromLine()!.request, 'timeout');
    }
  }

  function close(): void {
    if (closed) return;
    closed = true;
    clearInterval(sweeper);
    for (let job = takeFromLine(); job !== undefined; job = takeFromLine()) {
      onSilence(job.request, 'network-error');
    }
    for (const { socket } of connections) socket.destroy();
  }

  return { send, close };
}
