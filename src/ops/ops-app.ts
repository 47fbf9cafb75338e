import { createHash, timingSafeEqual } from 'node:crypto';
import { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import type { Registry } from 'prom-client';
import { isOrderError } from '../order/errors.ts';
import type { LedgerOperations } from '../order/ports/ledger.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { protectPages } from '../platform/security-headers.ts';
import type { ClusterState } from './cluster-watch.ts';
import { addDeadLetterRoutes } from './dead-letter-routes.ts';
import type { DeadLetterOperations } from './dead-letters.ts';
import { createLoginLimit } from './login-limit.ts';
import type { SaleOperations } from './sales.ts';

/** Operators, Prometheus and the pages they watch. */
const maxConnections = 1_000;

/** The ops port: metrics of the cluster, health, and the admin API behind the token. */
export function createOpsApp(deps: {
  registry: Registry;
  state: () => ClusterState | undefined;
  ledger: Pick<LedgerOperations, 'setCap' | 'setPaused'>;
  sales: SaleOperations;
  deadLetters: DeadLetterOperations;
  adminToken: string | undefined;
  clock: Pick<Clock, 'nowMs'>;
  logger: Logger;
}): FastifyInstance {
  const { ledger, logger, sales } = deps;
  const loginLimit = createLoginLimit({ clock: deps.clock });
  const app = fastify({
    loggerInstance: logger as FastifyBaseLogger,
    disableRequestLogging: true,
    bodyLimit: 64 * 1024,
    requestTimeout: 10_000,
    http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000 },
    forceCloseConnections: true,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  });

  app.server.maxConnections = maxConnections;
  protectPages(app);

  app.get('/metrics', async (_request, reply) => {
    reply.header('content-type', deps.registry.contentType);
    return deps.registry.metrics();
  });
  app.get('/livez', async () => ({ status: 'alive' }));
  app.get('/readyz', async (_request, reply) => {
    const state = deps.state();
    const away = [
      ...(state?.cap ? [] : ['postgres']),
      ...(state?.waiting === undefined ? ['redis'] : []),
      ...(state?.depth ? [] : ['rabbitmq']),
    ];
    return reply
      .code(away.length === 0 ? 200 : 503)
      .send({ status: away.length === 0 ? 'ready' : 'unready', away });
  });

  app.register(
    async (admin) => {
      admin.addHook('onRequest', async (request, reply) => {
        const waitSeconds = loginLimit.waitSeconds(request.ip);
        if (waitSeconds > 0) {
          reply.header('retry-after', String(waitSeconds));
          return refuse(reply, 429, 'rate-limited', 'too many failed logins from this address');
        }
        if (deps.adminToken && sameSecret(request.headers.authorization ?? '', `Bearer ${deps.adminToken}`))
          return;
        loginLimit.failed(request.ip);
        logger.warn({ who: request.ip, what: `${request.method} ${request.url}` }, 'admin login failed');
        reply.header('www-authenticate', 'Bearer');
        return refuse(reply, 401, 'unauthorized', 'send the admin token as a bearer token');
      });
      admin.addHook('onResponse', async (request, reply) => {
        if (request.method === 'GET') return;
        logger.info(
          {
            who: request.ip,
            what: `${request.method} ${request.url}`,
            body: request.body,
            status: reply.statusCode,
          },
          'admin change',
        );
      });
      admin.setErrorHandler(
        (error: Error & { validation?: unknown; statusCode?: number; code?: string }, request, reply) => {
          if (error instanceof RangeError) return refuse(reply, 400, 'invalid', error.message);
          if (isOrderError(error, 'unknown-sale')) return refuse(reply, 404, error.code, error.message);
          if (isOrderError(error, 'sale-change-refused'))
            return refuse(reply, 409, error.code, error.message);
          if (isOrderError(error)) return refuse(reply, 503, error.code, error.message);
          if (error.code === 'broker-away') return refuse(reply, 503, error.code, error.message);
          if (error.validation || (error.statusCode ?? 500) < 500) {
            return refuse(reply, error.statusCode ?? 400, 'invalid', error.message);
          }
          request.log.error({ err: error }, 'an admin request failed');
          return refuse(reply, 500, 'internal', 'this is a fault of ours');
        },
      );

      admin.get('/status', async () => statusOf(deps.state()));
      admin.put<{ Body: { ordersPerSecond: number } }>(
        '/cap',
        { schema: { body: exactly({ ordersPerSecond: { type: 'number' } }) } },
        async (request) => ledger.setCap(request.body.ordersPerSecond, 'configured'),
      );
      admin.post('/pause', async () => ledger.setPaused(true));
      admin.post('/resume', async () => ledger.setPaused(false));
      addDeadLetterRoutes(admin, deps.deadLetters);
      admin.post<{ Params: { saleId: string }; Body: { restockId: string; sku: string; pieces: number } }>(
        '/sales/:saleId/restocks',
        {
          schema: {
            body: exactly({
              restockId: { type: 'string', minLength: 1, maxLength: 64 },
              sku: { type: 'string' },
              pieces: { type: 'integer', minimum: 1, maximum: 2_147_483_647 },
            }),
          },
        },
        async (request) => {
          const { restockId, sku, pieces } = request.body;
          return { done: await sales.restock(request.params.saleId, restockId, sku, pieces) };
        },
      );
    },
    { prefix: '/admin' },
  );
  return app;
}

/** A cluster's state as operations read it. */
export function statusOf(state: ClusterState | undefined) {
  return {
    cap: state?.cap ?? null,
    waiting: state?.waiting ?? null,
    oldestAgeSeconds: state?.oldestAgeMs === undefined ? null : state.oldestAgeMs / 1_000,
    drainSeconds: finiteOrNull(state?.drainSeconds),
    queue: state?.depth ?? null,
    sales: (state?.sales ?? []).map((sale) => ({
      saleId: sale.saleId,
      opensAt: new Date(sale.opensAtMs).toISOString(),
      closesAt: new Date(sale.closesAtMs).toISOString(),
      items: sale.items.map(({ sku, stock, stockLeft }) => {
        const inRedis = state?.counters.get(sale.saleId)?.items.find((item) => item.sku === sku);
        return { sku, stock, stockLeft, toClaim: inRedis?.left ?? null, claimed: inRedis?.claimed ?? null };
      }),
    })),
  };
}

function finiteOrNull(seconds: number | undefined): number | null {
  return seconds !== undefined && Number.isFinite(seconds) ? seconds : null;
}

function exactly(properties: Record<string, object>): object {
  return { type: 'object', required: Object.keys(properties), additionalProperties: false, properties };
}

function refuse(reply: FastifyReply, status: number, type: string, detail: string): FastifyReply {
  return reply
    .code(status)
    .header('content-type', 'application/problem+json')
    .serializer(JSON.stringify)
    .send({ type: `/problems/${type}`, title: type, status, detail });
}

/** Compares in constant time, whatever the lengths. */
function sameSecret(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
