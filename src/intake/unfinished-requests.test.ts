import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../../test/support/wait.ts';
import { limitUnfinishedRequests } from './unfinished-requests.ts';

const atMost = 4;
let server: Server;
let port: number;
const clients: Socket[] = [];
const cut: number[] = [];

beforeEach(async () => {
  cut.length = 0;
  server = createServer((incoming, reply) => {
    incoming.resume().on('end', () => reply.end());
  });
  limitUnfinishedRequests(server, {
    atMost,
    cutOff(socket) {
      cut.push(socket.remotePort!);
      socket.destroy();
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  server.closeAllConnections();
  server.close();
});

/** Opens a connection and sends this much of a request; resolves with its port once the server has it. */
async function opened(text: string): Promise<number> {
  const client = connect(port, '127.0.0.1');
  client.on('error', () => undefined);
  clients.push(client);
  const taken = once(server, 'connection');
  await once(client, 'connect');
  if (text) client.write(text);
  await taken;
  return client.localPort!;
}

const head = 'POST / HTTP/1.1\r\nHost: here\r\n';
const body = `${head}Content-Length: 100\r\n\r\nx`;

async function openedAll(texts: readonly string[]): Promise<number[]> {
  const ports: number[] = [];
  for (const text of texts) ports.push(await opened(text));
  return ports;
}

const untilCut = (ports: readonly number[]) =>
  until(() => cut.length >= ports.length, { deadlineMs: 10_000, what: `${ports.length} to be cut off` }).then(
    () => expect(cut).toEqual(ports),
  );

it('beyond the limit those are cut off that have sent nothing, or a part of a head, for longest', async () => {
  const ports = await openedAll(['', head, '', head, head, '', head]);
  await untilCut(ports.slice(0, 3));
});

it('a body that does not end counts too, from the end of its head', async () => {
  const slow: number[] = [];
  for (const text of [body, body]) {
    const begun = once(server, 'request');
    slow.push(await opened(text));
    await begun;
  }
  await openedAll(['', '', '', '']);
  await untilCut(slow);
});

it('whoever sends whole requests is left alone, however many are slow', async () => {
  const statuses: (number | undefined)[] = [];
  for (let n = 0; n < 20; n++) {
    await openedAll(['', head, body]);
    const asked = request({ port, method: 'POST', agent: false });
    asked.end('whole');
    const [reply] = await once(asked, 'response');
    statuses.push(reply.statusCode);
    reply.resume();
  }
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(cut.length).toBeGreaterThan(0);
});
