import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** How long a stall of the gateway may get by cutting many off at once is bounded by how often it looks. */
const lookEveryMs = 20;

/** What a connection is at: its latest request, or its opening; nothing is added and removed with each request. */
interface Progress {
  /** Rises over all connections. */
  turn: number;
  /** With its head read; `complete` once its body is. */
  request: IncomingMessage | undefined;
}

/**
 * Keeps the number of connections in bounds whose request has begun and not ended, or that have sent nothing yet: of
 * those beyond `atMost`, the ones that have been at it for longest are handed to `cutOff`.
 *
 * Each piece of a request costs a system call, so thousands of clients that send a byte at a time cost more than the
 * crowd does. An honest request comes whole, or nearly so, and is never among the oldest. A later request on the same
 * connection counts from the end of its head; until then the server's own timeout is all there is.
 *
 * @param cutOff should close the connection
 */
export function limitUnfinishedRequests(
  server: Server,
  { atMost, cutOff }: { readonly atMost: number; readonly cutOff: (socket: Socket) => void },
): void {
  const connections = new Map<Socket, Progress>();
  let turns = 0;

  function look(): void {
    if (connections.size <= atMost) return;
    const unfinished: [Socket, Progress][] = [];
    for (const each of connections) if (!each[1].request?.complete) unfinished.push(each);
    const tooMany = unfinished.length - atMost;
    if (tooMany <= 0) return;
    unfinished.sort(([, one], [, other]) => one.turn - other.turn);
    for (const [socket] of unfinished.slice(0, tooMany)) {
      connections.delete(socket);
      cutOff(socket);
    }
  }

  const looking = setInterval(look, lookEveryMs).unref();
  server.on('connection', (socket) => {
    connections.set(socket, { turn: turns++, request: undefined });
    socket.once('close', () => connections.delete(socket));
  });
  server.on('request', (request) => {
    const progress = connections.get(request.socket);
    if (!progress) return;
    progress.turn = turns++;
    progress.request = request;
  });
  server.on('close', () => clearInterval(looking));
}
