import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../../../test/support/wait.ts';
import { createProxy, type TcpProxy } from './proxy.ts';

/** Answers every piece with `<` + piece + `>`, and remembers what it got. */
let echo: Server;
let got = '';
let proxy: TcpProxy;
const clients: Client[] = [];

beforeEach(async () => {
  got = '';
  echo = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      got += data;
      socket.write(`<${data}>`);
    });
  }).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await createProxy(`redis://user:secret@127.0.0.1:${(echo.address() as AddressInfo).port}/3`);
});
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  await proxy.close();
  await once(echo.close(), 'close');
});

interface Client {
  readonly socket: Socket;
  heard: string;
  /** How it ended. */
  ended?: 'ended' | string;
}

async function client(): Promise<Client> {
  const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1');
  const one: Client = { socket, heard: '' };
  clients.push(one);
  socket.setNoDelay(true);
  socket.on('data', (data) => {
    one.heard += data;
  });
  socket.on('end', () => {
    one.ended ??= 'ended';
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    one.ended ??= error.code ?? 'error';
  });
  await once(socket, 'connect');
  return one;
}
const heard = (one: Client, text: string) =>
  until(() => one.heard === text, { deadlineMs: 10_000, what: `${text} (heard ${one.heard})` });
const gone = (one: Client) =>
  until(() => one.ended, { deadlineMs: 10_000, what: 'the end of the connection' });

it('passes everything on, in order, large pieces too, and keeps the rest of the URL', async () => {
  expect(proxy.url).toMatch(/^redis:\/\/user:secret@127\.0\.0\.1:\d+\/3$/);
  const one = await client();
  one.socket.write('hello');
  await heard(one, '<hello>');
  const large = 'x'.repeat(5_000_000);
  one.socket.write(large);
  await until(() => one.heard.replaceAll(/[<>]/g, '').length === 5 + large.length, {
    deadlineMs: 20_000,
    what: 'five million bytes back',
  });
});

it('delays each piece and keeps their order', async () => {
  const one = await client();
  proxy.delay(40, 60);
  const startedAt = performance.now();
  one.socket.write('a');
  await heard(one, '<a>');
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(99);
  one.socket.write('b');
  proxy.delay(0, 0);
  one.socket.write('c');
  await until(() => got === 'abc', { deadlineMs: 10_000, what: `a, b and c in order (got ${got})` });
});

it('holds answers back, and black-holes both ways, until it is mended', async () => {
  const one = await client();
  proxy.hold();
  one.socket.write('a');
  await until(() => got === 'a', { deadlineMs: 10_000, what: 'the request at the server' });
  expect(one.heard).toBe('');
  proxy.release();
  await heard(one, '<a>');
  proxy.blackHole();
  one.socket.write('b');
  const late = await client();
  late.socket.write('c');
  await until(() => proxy.connections() === 2, { deadlineMs: 10_000, what: 'the second connection' });
  expect(got).toBe('a');
  proxy.mend();
  await Promise.all([heard(one, '<a><b>'), heard(late, '<c>')]);
});

it('cuts an answer after so many bytes, once, and resets that connection', async () => {
  const [one, other] = [await client(), await client()];
  const cut = proxy.cutReply({ afterBytes: 2 });
  one.socket.write('abc');
  await gone(one);
  expect(one).toMatchObject({ heard: '<a', ended: 'ECONNRESET' });
  expect(cut.done()).toBe(true);
  other.socket.write('d');
  await heard(other, '<d>');
});

it('cuts the answer to a request, after its work was done, or where it says something', async () => {
  const one = await client();
  const cut = proxy.cutReply({ request: 'commit' });
  one.socket.write('begin');
  await heard(one, '<begin>');
  expect(cut.done()).toBe(false);
  one.socket.write('commit');
  await gone(one);
  expect(one.heard).toBe('<begin>');
  expect(got).toBe('begincommit');
  const two = await client();
  proxy.cutReply({ reply: 'bad' });
  two.socket.write('good');
  await heard(two, '<good>');
  two.socket.write('bad');
  await gone(two);
  expect(two.heard).toBe('<good>');
});

it('resets, and refuses until it is mended', async () => {
  const one = await client();
  proxy.reset();
  await gone(one);
  const two = await client();
  two.socket.write('a');
  await heard(two, '<a>');
  proxy.cut();
  await gone(two);
  const three = await client().catch((error: NodeJS.ErrnoException) => error.code);
  if (typeof three === 'object') await gone(three);
  proxy.mend();
  const four = await client();
  four.socket.write('b');
  await heard(four, '<b>');
});

it("says something in a client's name where it fits", async () => {
  const one = await client();
  one.socket.write('a;');
  await heard(one, '<a;>');
  proxy.inject(Buffer.from('stop;'), (piece) => piece.at(-1) === 0x3b);
  one.socket.write('b');
  await until(() => got === 'a;b', { deadlineMs: 10_000, what: 'b' });
  one.socket.write('c;');
  await until(() => got === 'a;bc;stop;', { deadlineMs: 10_000, what: `the words put in (got ${got})` });
});
