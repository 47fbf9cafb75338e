import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { runClosedLoop } from './closed-loop.ts';
import { createOrderRequests, scatter } from './order-request.ts';

interface Body {
  transactionId: string;
  sku: string;
  quantity: number;
  customerId: string;
}

describe('the closed loop', () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener).listen(0, '127.0.0.1');
    closing.push(
      () => server.closeAllConnections(),
      () => server.close(),
    );
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/sales/s/orders`;
  }

  async function bodyOf(request: AsyncIterable<Buffer>): Promise<Body> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    return JSON.parse(Buffer.concat(chunks).toString());
  }

  it('counts every answer by status, and sends each order once', async () => {
    const seen: Body[] = [];
    const statuses = { 202: 0, 409: 0 };
    const url = await serve(async (request, response) => {
      seen.push(await bodyOf(request));
      const status = seen.length % 3 === 0 ? 409 : 202;
      statuses[status] += 1;
      const body = '{"status":"accepted"}';
      response.writeHead(status, { 'content-length': body.length });
      // In two pieces now and then.
      if (seen.length % 5 === 0) {
        response.write(body.slice(0, 7));
        setImmediate(() => response.end(body.slice(7)));
      } else response.end(body);
    });
    const edges: string[] = [];
    const result = await runClosedLoop(
      { url, sku: 'load', connections: 8, warmupMs: 50, windowMs: 150 },
      (edge) => edges.push(edge),
    );
    expect(edges).toEqual(['start', 'end']);
    expect(result.answers).toEqual(statuses);
    expect(result.sent).toBe(seen.length);
    expect(new Set(seen.map(({ transactionId }) => transactionId)).size).toBe(seen.length);
    expect(result.windowAnswers[202]).toBeGreaterThan(0);
    expect(result.windowAnswers[202]).toBeLessThan(result.answers[202]!);
    for (const { transactionId, sku, quantity, customerId } of seen) {
      expect(transactionId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
      expect({ sku, quantity, customerId }).toEqual({
        sku: 'load',
        quantity: 1,
        customerId: `c${transactionId.slice(0, 8)}`,
      });
    }
  });

  it('fails when the server closes a connection', async () => {
    const url = await serve((request) => request.socket.destroy());
    const run = runClosedLoop({ url, sku: 'load', connections: 2, warmupMs: 0, windowMs: 5_000 });
    await expect(run).rejects.toThrow();
  });
});

describe('the orders of a run', () => {
  it('scatters counters without a collision', () => {
    const count = 200_000;
    const seen = new Set<number>();
    for (let i = 0; i < count; i++) seen.add(scatter(i));
    expect(seen.size).toBe(count);
  });

  it('differ from those of another run', () => {
    const url = new URL('http://127.0.0.1:1/sales/s/orders');
    const [one, other] = [0, 1].map(() => {
      const requests = createOrderRequests(url, 'load');
      const request = requests.create();
      requests.next(request);
      return request.bytes.toString();
    });
    expect(one).not.toBe(other);
  });
});
