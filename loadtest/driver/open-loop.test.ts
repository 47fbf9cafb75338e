import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hold } from '../profile/rate-profile.ts';
import { type DriveOptions, driveOpenLoop } from './open-loop.ts';
import { createOrderLog, type OrderLog } from './order-log.ts';
import { driveSaturate } from './saturate.ts';

interface Received {
  readonly body: { transactionId: string; sku: string; quantity: number; customerId: string };
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

let folder: string;
let log: OrderLog;
const cleanUps: (() => Promise<unknown> | unknown)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'open-loop-test-'));
  log = createOrderLog(join(folder, 'orders.ndjson'));
});

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  await log.close();
  await rm(folder, { recursive: true, force: true });
});

/** An HTTP server that hands each complete request to the test. */
async function gateway(handle: (received: Received) => void): Promise<URL> {
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => handle({ body: JSON.parse(text), request, response }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

/** A server that keeps every request waiting until it is released, and answers at once from then on. */
async function stallingGateway() {
  const waiting: Received[] = [];
  let open = false;
  const url = await gateway((received) => {
    if (open) accept(received);
    else waiting.push(received);
  });
  return {
    url,
    waiting,
    release: () => {
      open = true;
      for (const received of waiting) accept(received);
    },
  };
}

function accept({ response }: Received): void {
  response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"accepted"}');
}

function drive(targets: readonly URL[], options: Partial<DriveOptions> = {}) {
  return driveOpenLoop({
    targets,
    saleId: 'load-test',
    runPrefix: 'run',
    warmup: hold(0, 0),
    profile: hold(400, 0.5),
    wish: (index) => ({ sku: 'load', quantity: 1, customerId: `customer-${index}` }),
    copies: 1,
    log,
    ...options,
  });
}

async function logLines(): Promise<Record<string, unknown>[]> {
  await log.close();
  const text = await readFile(join(folder, 'orders.ndjson'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('the open-loop driver', () => {
  it('keeps sending while the server stalls', async () => {
    const server = await stallingGateway();
    const running = drive([server.url]);
    await vi.waitFor(() => expect(server.waiting).toHaveLength(200), 10_000);
    expect(running.snapshot()).toMatchObject({ offered: 200, inFlight: 200 });
    server.release();
    const { measured } = await running.done;
    expect(measured.outcomes.accepted).toBe(200);
  });

  it('measures from the intended time, so that a stall is charged for everyone who waited', async () => {
    const server = await stallingGateway();
    const running = drive([server.url]);
    await vi.waitFor(() => expect(server.waiting).toHaveLength(200), 10_000);
    server.release();
    const { latency } = await running.done;
    expect(latency.accepted.count).toBe(200);
    // Orders were due evenly over 500 ms, and none was answered before the last was there.
    expect(latency.accepted.maxMs).toBeGreaterThanOrEqual(490);
    expect(latency.accepted.p50Ms).toBeGreaterThanOrEqual(240);
  });

  it('counts the time in line for a connection', async () => {
    const server = await stallingGateway();
    const running = drive([server.url], { maxConnections: 1 });
    await vi.waitFor(() => expect(running.snapshot().offered).toBe(200), 10_000);
    expect(server.waiting).toHaveLength(1);
    server.release();
    const { measured, latency } = await running.done;
    expect(measured.outcomes.accepted).toBe(200);
    expect(latency.accepted.p50Ms).toBeGreaterThanOrEqual(240);
  });

  it('drops at the bound of requests in flight, and counts what it dropped', async () => {
    const server = await stallingGateway();
    const running = drive([server.url], { maxInFlight: 10 });
    await vi.waitFor(() => expect(running.snapshot().offered).toBe(200), 10_000);
    expect(running.snapshot()).toMatchObject({ dropped: 190, inFlight: 10 });
    server.release();
    const { measured } = await running.done;
    expect(measured).toMatchObject({ offered: 200, dropped: 190 });
    expect(measured.outcomes.accepted).toBe(10);
  });

  it('counts a connection that is reset as a network error', async () => {
    const url = await gateway(({ request }) => request.socket.resetAndDestroy());
    const { measured } = await drive([url]).done;
    expect(measured.outcomes['network-error']).toBe(200);
    expect((await logLines())[0]).toMatchObject({ status: 0, outcome: 'network-error' });
  });

  it('counts a server that is not there as network errors', async () => {
    const url = await gateway(accept);
    for (const cleanUp of cleanUps.splice(0)) await cleanUp();
    const { measured } = await drive([url]).done;
    expect(measured.outcomes['network-error']).toBe(200);
  });

  it('gives up on a request after the timeout, and counts its whole wait as latency', async () => {
    const server = await stallingGateway();
    const { measured, latency } = await drive([server.url], { timeoutMs: 200, maxConnections: 50 }).done;
    expect(measured.outcomes.timeout).toBe(200);
    expect(latency.all.count).toBe(200);
    expect(latency.all.p50Ms).toBeGreaterThanOrEqual(199);
  });

  it('opens another connection when the server closes one after its answer', async () => {
    const url = await gateway((received) => {
      received.response.setHeader('connection', 'close');
      accept(received);
    });
    const { measured } = await drive([url], { maxConnections: 2 }).done;
    expect(measured.outcomes.accepted).toBe(200);
  });

  it('sorts every answer into its class, and logs each with its order', async () => {
    const answers: [number, string, Record<string, string>][] = [
      [202, 'accepted', {}],
      [202, 'replayed', { 'Idempotent-Replayed': 'true' }],
      [200, 'replayed', { 'Idempotent-Replayed': 'true' }],
      [409, 'sold-out', {}],
      [403, 'refused-limit', {}],
      [429, 'rate-limited', {}],
      [503, 'unavailable', {}],
      [503, 'outcome-unknown', {}],
      [422, 'client-error', {}],
      [500, 'server-error', {}],
    ];
    const url = await gateway(({ body, response }) => {
      const [status, outcome, headers] = answers[Number(body.customerId.split('-')[1]) % answers.length]!;
      response.writeHead(status, headers).end(JSON.stringify({ type: `/problems/${outcome}` }));
    });
    await drive([url]).done;
    const lines = await logLines();
    expect(lines).toHaveLength(200);
    expect(new Set(lines.map(({ transactionId }) => transactionId)).size).toBe(200);
    for (const line of lines) {
      const [status, outcome] = answers[Number(String(line.customerId).split('-')[1]) % answers.length]!;
      expect(line).toMatchObject({ sku: 'load', quantity: 1, status, outcome });
    }
  });

  it('sends the copies of an order to different gateways', async () => {
    const seen: string[][] = [[], []];
    const urls = await Promise.all(
      seen.map((ids) =>
        gateway((received) => {
          ids.push(received.body.transactionId);
          accept(received);
        }),
      ),
    );
    const { measured } = await drive(urls, { copies: 2 }).done;
    expect(measured).toMatchObject({ orders: 200, offered: 400 });
    expect(seen[0]!.sort()).toEqual(seen[1]!.sort());
    expect(new Set(seen[0]).size).toBe(200);
  });

  it('keeps the warm-up out of the latencies and in the counts', async () => {
    const url = await gateway(accept);
    const options = { warmup: hold(200, 0.5), profile: hold(100, 0.5) };
    const { warmup, measured, latency, seconds } = await drive([url], options).done;
    expect([warmup.offered, measured.offered, latency.all.count]).toEqual([100, 50, 50]);
    expect(seconds.reduce((sum, { outcomes }) => sum + outcomes.accepted, 0)).toBe(150);
  });
});

describe('the closed loop', () => {
  function saturate(url: URL, times: { warmupSeconds: number; seconds: number }) {
    return driveSaturate({
      targets: [url],
      saleId: 'load-test',
      runPrefix: 'run',
      wish: (index) => ({ sku: 'load', quantity: 1, customerId: `customer-${index}` }),
      log,
      connections: 10,
      ...times,
    }).done;
  }

  it('counts exactly what the server saw', async () => {
    const ids = new Set<string>();
    const url = await gateway((received) => {
      ids.add(received.body.transactionId);
      accept(received);
    });
    const { warmup, measured } = await saturate(url, { warmupSeconds: 0.2, seconds: 0.2 });
    expect(warmup.outcomes.accepted).toBe(warmup.offered);
    expect(measured.outcomes.accepted).toBe(measured.offered);
    expect(measured.offered).toBeGreaterThan(0);
    expect(warmup.offered + measured.offered).toBe(ids.size);
    expect(await logLines()).toHaveLength(ids.size);
  });

  it('fills its time, however much faster the gateway gets', async () => {
    let answered = 0;
    const url = await gateway((received) => {
      answered += 1;
      setTimeout(accept, answered < 1_000 ? 10 : 0, received);
    });
    const begun = performance.now();
    const { measured } = await saturate(url, { warmupSeconds: 0.2, seconds: 1.5 });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(1_500 * 0.95);
    expect(measured.outcomes.accepted).toBe(measured.offered);
  });
});
