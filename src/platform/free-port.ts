import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the ranges from which Linux (32768 up) and macOS (49152 up) take the local ports of outgoing
// connections. A server's port inside that range can be lost while the server restarts: a client that
// keeps knocking may be given that very number as its own and connect to itself.
const LOWEST_PORT = 15_000;
const HIGHEST_PORT = 31_999;

/** Whether a server could listen on this loopback port now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** A loopback port that nobody listens on, outside `taken`. It is not held: start the server soon. */
export async function freePort(taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT + 1);
    if (!taken.has(port) && (await isPortFree(port))) return port;
  }
}
