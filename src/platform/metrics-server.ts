import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { httpUrl } from './http-url.ts';
import type { Lifecycle } from './lifecycle.ts';

const limits = { headersTimeout: 5_000, requestTimeout: 10_000, connectionsCheckingInterval: 1_000 };

/** Serves a process's own `/metrics` on a port of its own, away from the shoppers'. */
export function createMetricsServer(options: {
  registry: Registry;
  host: string;
  /** 0: a free one. */
  port: number;
}): Lifecycle & { url(): string } {
  const server = createServer(limits, (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    options.registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': options.registry.contentType }).end(text),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  return {
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(options.port, options.host, () => resolve());
      }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    url: () => `${httpUrl(options.host, (server.address() as AddressInfo).port)}/metrics`,
  };
}
