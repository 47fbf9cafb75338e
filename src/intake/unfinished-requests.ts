import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** How long a stall of the gateway may get by cutting many off at once is bounded by how often it looks. */
const lookEveryMs = 20;

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
  /** Oldest first; with the request once its head is there. A request that is whole stays until the next look. */
  const unfinished = new Map<Socket, IncomingMessage | undefined>();

  function look(): void {
    for (const [socket, request] of unfinished) if (request?.complete) unfinished.delete(socket);
    for (const socket of unfinished.keys()) {
      if (unfinished.size <= atMost) return;
      unfinished.delete(socket);
      cutOff(socket);
    }
  }

  const looking = setInterval(look, lookEveryMs).unref();
  server.on('connection', (socket) => {
    unfinished.set(socket, undefined);
    socket.once('close', () => unfinished.delete(socket));
  });
  server.on('request', (request) => {
    unfinished.delete(request.socket);
    unfinished.set(request.socket, request);
  });
  server.on('close', () => clearInterval(looking));
}
