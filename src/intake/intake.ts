import type { AddressInfo } from 'node:net';
import type { Claims, SaleClaims } from '../order/ports/claims.ts';
import type { LedgerReader } from '../order/ports/ledger.ts';
import type { OrderPublisher } from '../order/ports/queue.ts';
import type { RankingReader } from '../order/ports/ranking.ts';
import type { Clock } from '../platform/clock.ts';
import type { HitFailpoint } from '../platform/failpoints.ts';
import { httpUrl } from '../platform/http-url.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';
import type { IntakeMetrics } from '../platform/metrics.ts';
import { createAdmission } from './admission.ts';
import { createApp } from './app.ts';
import { createAuthentication, type JwtOptions } from './authenticate.ts';
import { createCallerCheck } from './caller.ts';
import { createClientLimit } from './client-limit.ts';
import { healthRoutes } from './health-routes.ts';
import { orderRoutes } from './order-routes.ts';
import { createOrderStreams } from './order-stream.ts';
import { createOrderPlacement } from './place-order.ts';
import { rankingRoutes } from './ranking-routes.ts';
import { createStatusReader } from './read-status.ts';
import { createSaleBoard } from './sale-board.ts';
import { saleRoutes } from './sale-routes.ts';
import { shopRoutes } from './shop/shop.ts';
import { statusRoutes } from './status-routes.ts';
import { createStockFigures } from './stock-figures.ts';

export interface IntakeOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly gatewayId: string;
  readonly envelopeMaxOrders: number;
  readonly maxWaitingOrders: number;
  readonly maxInflightRequests: number;
  readonly maxConnections: number;
  readonly clientMaxRequestsPerSecond: number;
  readonly clientLimitExempt: (address: string) => boolean;
  readonly trustProxy: readonly string[];
  /** Absent: nobody is asked for a token. */
  readonly jwt?: JwtOptions;
  /** In which the shop page shows prices, ISO 4217. */
  readonly currency: string;
}

/** How often a gateway reads catalogue, backlog and cap. */
const syncIntervalMs = 200;
const streamIntervalMs = 500;
const maxStreams = 10_000;
const maxLedgerReads = 8;
const closeIdleIntervalMs = 20;
/** Above this lag every answer is late anyway; a healthy saturated loop stays far below it. */
const maxLagMs = 1_000;

/**
 * The first stage: HTTP in, claims and envelopes out.
 *
 * `start` reads the catalogue, then listens. `stop` goes in phases: not ready → no new connections → requests
 * under way end → streams end. The connections behind the ports are the caller's to close, afterwards.
 */
export async function createIntake(deps: {
  claims: Claims & SaleClaims;
  publisher: OrderPublisher;
  ledger: Pick<LedgerReader, 'find'> & RankingReader;
  metrics: IntakeMetrics;
  clock: Clock;
  logger: Logger;
  hitFailpoint: HitFailpoint;
  options: IntakeOptions;
}): Promise<Lifecycle & { url(): string }> {
  const { claims, publisher, ledger, metrics, clock, logger, options } = deps;
  const board = createSaleBoard({
    claims,
    gatewayId: options.gatewayId,
    intervalMs: syncIntervalMs,
    clock,
    logger,
  });
  const admission = createAdmission({
    maxInflight: options.maxInflightRequests,
    maxWaiting: options.maxWaitingOrders,
    maxLagMs,
    claimsAvailable: () => claims.available(),
    catalogueKnown: () => board.known(),
    publisherState: () => publisher.state(),
    waiting: () => board.waiting(),
    clock,
  });
  const place = createOrderPlacement({
    claims,
    publisher,
    board,
    admission,
    envelopeMaxOrders: options.envelopeMaxOrders,
    metrics,
    hitFailpoint: deps.hitFailpoint,
    clock,
  });
  const status = createStatusReader({ claims, ledger, board, maxLedgerReads, clock });
  const streams = createOrderStreams({ status, maxStreams, intervalMs: streamIntervalMs, clock });
  const clientLimit = createClientLimit({
    maxPerSecond: options.clientMaxRequestsPerSecond,
    exempt: options.clientLimitExempt,
    clock,
  });
  const customerFromToken = options.jwt !== undefined;
  const callerCheck = createCallerCheck({
    authentication: options.jwt && createAuthentication({ options: options.jwt, clock, logger }),
    clientLimit,
  });

  const app = await createApp({
    logger,
    trustProxy: options.trustProxy,
    maxConnections: options.maxConnections,
    metrics,
    customerFromToken,
  });
  orderRoutes(app, { place, board, callerCheck, customerFromToken, metrics });
  statusRoutes(app, { status, streams, callerCheck, customerFromToken });
  rankingRoutes(app, { board, ledger, clock });
  const readStock = createStockFigures({ board, claims, clock });
  saleRoutes(app, { board, readStock, clock });
  await shopRoutes(app, {
    ...{ board, readStock, place, status, callerCheck, customerFromToken, metrics, clock },
    currency: options.currency,
  });
  healthRoutes(app, { admission });
  metrics.inflightFrom(() => admission.inflight());

  return {
    async start() {
      await board.start();
      await admission.start();
      await streams.start();
      await app.listen({ host: options.host, port: options.port });
    },
    async stop(deadlineMs) {
      admission.close();
      await streams.stop(deadlineMs);
      // Connections that answer their last request after the close began would stay open for a next one.
      const idle = setInterval(() => app.server.closeIdleConnections(), closeIdleIntervalMs);
      await app.close().finally(() => clearInterval(idle));
      await admission.stop(deadlineMs);
      await board.stop(deadlineMs);
    },
    url() {
      const { address, port } = app.server.address() as AddressInfo;
      return httpUrl(address, port);
    },
  };
}
