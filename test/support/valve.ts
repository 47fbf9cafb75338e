import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP connection to a server with a valve in it. */
export interface Valve {
  /** Like the server's, with the valve's port. */
  readonly url: string;
  /** From now on the server's answers are kept back; what is sent still arrives. */
  hold(): void;
  /** Lets the answers through again, the kept ones first. */
  release(): void;
  /** Ends all connections and refuses new ones. */
  cut(): void;
  /** Takes connections again. */
  mend(): void;
  close(): Promise<void>;
}

/** Stands between a stage and a server of the stack, which other tests use as well. */
export async function createValve(serverUrl: string): Promise<Valve> {
  const server = new URL(serverUrl);
  const sockets = new Set<Socket>();
  const upstreams = new Set<Socket>();
  let held = false;
  let isCut = false;

  const listener = createServer({ noDelay: true }, (client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const upstream = connect({ host: server.hostname, port: Number(server.port), noDelay: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        upstreams.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    upstreams.add(upstream);
    client.pipe(upstream);
    upstream.on('data', (data) => client.write(data));
    if (held) upstream.pause();
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');

  return {
    url: Object.assign(new URL(serverUrl), {
      hostname: '127.0.0.1',
      port: String((listener.address() as AddressInfo).port),
    }).href,
    hold() {
      held = true;
      for (const upstream of upstreams) upstream.pause();
    },
    release() {
      held = false;
      for (const upstream of upstreams) upstream.resume();
    },
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      isCut = false;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await once(listener.close(), 'close');
    },
  };
}
