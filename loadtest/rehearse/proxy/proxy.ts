import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createLane, type Lane } from './lane.ts';
import { createReplyCutter, type ReplyCut, type ReplyCutter } from './reply-cut.ts';

/** A TCP connection to a server, with somebody in between who can spoil it. Everything can be changed as it runs. */
export interface TcpProxy {
  /** Like the server's, with the proxy's host and port. */
  readonly url: string;
  /** Connections that stand. */
  connections(): number;
  /** Each piece is kept for so long, on its way to the server and to the client; 0: no longer. */
  delay(toServerMs: number, toClientMs: number): void;
  /** The server's answers are kept back from now on; what is sent still arrives. */
  hold(): void;
  /** Lets the answers through again, the kept ones first. */
  release(): void;
  /** Nothing gets through in either direction, and nobody is told; new connections are taken and left alone. */
  blackHole(): void;
  /** Resets all connections; new ones are taken. */
  reset(): void;
  /** Ends all connections and refuses new ones. */
  cut(): void;
  /** Undoes `delay`, `hold`, `blackHole`, `cut` and a `cutReply` that is still to come. */
  mend(): void;
  /** Cuts off one answer of the server, on whichever connection it comes first, and resets that connection. */
  cutReply(where: ReplyCut): { done(): boolean };
  /** Watches the answers for one that contains this. */
  awaitReply(reply: Buffer): { seen(): boolean };
  /** Says something to the server in a client's name, on each connection, between two pieces that allow for it. */
  inject(bytes: Buffer, mayFollow: (piece: Buffer) => boolean): void;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly toServer: Lane;
  readonly toClient: Lane;
}

/** How long a server has for the work behind an answer that is cut off. Its first bytes are there by then. */
const workMs = 50;

/** Listens on a free port of the loopback. It keeps no process alive. */
export async function createProxy(serverUrl: string): Promise<TcpProxy> {
  const server = new URL(serverUrl);
  const pairs = new Set<Pair>();
  let delays = { toServerMs: 0, toClientMs: 0 };
  let held = { toServer: false, toClient: false };
  let refusing = false;
  let cutter: ReplyCutter | undefined;
  let awaited: { readonly reply: Buffer; seen: boolean } | undefined;

  const listener = createServer({ noDelay: true }, (client) => {
    client.unref();
    if (refusing) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ host: server.hostname, port: Number(server.port), noDelay: true });
    upstream.unref();
    const nothing = Buffer.alloc(0);
    let isCut = false;
    const toServer = createLane(client, upstream, (piece) => {
      cutter?.request(piece);
      return piece;
    });
    const toClient = createLane(upstream, client, (piece) => {
      if (isCut) return nothing;
      if (awaited && piece.includes(awaited.reply)) awaited.seen = true;
      const { through, cut } = cutter?.reply(piece) ?? { through: piece, cut: false };
      if (cut) {
        isCut = true;
        setTimeout(() => end(pair), workMs).unref();
      }
      return through;
    });
    const pair = { client, upstream, toServer, toClient };
    pairs.add(pair);
    for (const socket of [client, upstream]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        pairs.delete(pair);
        client.destroy();
        upstream.destroy();
      });
    }
    apply(pair);
  });
  listener.unref();
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');

  function apply({ toServer, toClient }: Pair): void {
    toServer.setDelay(delays.toServerMs);
    toClient.setDelay(delays.toClientMs);
    toServer.setHeld(held.toServer);
    toClient.setHeld(held.toClient);
  }

  function applyAll(): void {
    for (const pair of pairs) apply(pair);
  }

  function end({ client, upstream }: Pair): void {
    client.resetAndDestroy();
    upstream.resetAndDestroy();
  }

  function endAll(): void {
    for (const pair of pairs) end(pair);
  }

  return {
    url: Object.assign(new URL(serverUrl), {
      hostname: '127.0.0.1',
      port: String((listener.address() as AddressInfo).port),
    }).href,
    connections: () => pairs.size,
    delay(toServerMs, toClientMs) {
      delays = { toServerMs, toClientMs };
      applyAll();
    },
    hold() {
      held = { toServer: false, toClient: true };
      applyAll();
    },
    release() {
      held = { toServer: false, toClient: false };
      applyAll();
    },
    blackHole() {
      held = { toServer: true, toClient: true };
      applyAll();
    },
    reset: endAll,
    cut() {
      refusing = true;
      endAll();
    },
    mend() {
      refusing = false;
      cutter = undefined;
      delays = { toServerMs: 0, toClientMs: 0 };
      held = { toServer: false, toClient: false };
      applyAll();
    },
    cutReply(where) {
      const mine = createReplyCutter(where);
      cutter = mine;
      return { done: () => mine.done() };
    },
    awaitReply(reply) {
      const mine = { reply, seen: false };
      awaited = mine;
      return { seen: () => mine.seen };
    },
    inject(bytes, mayFollow) {
      for (const { toServer } of pairs) toServer.inject(bytes, mayFollow);
    },
    async close() {
      endAll();
      await once(listener.close(), 'close');
    },
  };
}
