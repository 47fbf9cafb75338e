import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import type { Registry } from 'prom-client';
import type { Actor, Trail } from '../order/ports/trail.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { protectPages } from '../platform/security-headers.ts';
import { createAdminGuard } from './admin-guard.ts';
import { answerErrors } from './admin-problems.ts';
import { addAdminRoutes } from './admin-routes.ts';
import { addAuditRoutes, type RunAudit } from './audit-routes.ts';
import type { ClusterState } from './cluster-watch.ts';
import { addDeadLetterRoutes } from './dead-letter-routes.ts';
import type { DeadLetterOperations } from './dead-letters.ts';
import type { FollowerLetters } from './follower-letters.ts';
import { addFollowerRoutes } from './follower-routes.ts';
import type { FollowersSeen } from './follower-watch.ts';
import type { LiveStreams } from './live/live-streams.ts';
import { createLoginLimit } from './login-limit.ts';
import { opsPage } from './page/page-routes.ts';
import { createSessions } from './sessions.ts';
import type { Steering } from './steering.ts';

/** Operators, Prometheus and the pages they watch. */
const maxConnections = 1_000;

/** The ops port: metrics of the cluster, health, and behind a login the ops page and the admin API. */
export function createOpsApp(deps: {
  registry: Registry;
  state: () => ClusterState | undefined;
  steering: Steering;
  deadLetters: Pick<DeadLetterOperations, 'list'>;
  trail: Pick<Trail, 'entries'>;
  /** Absent: there are none to speak of. */
  followers?: { readonly followers: () => FollowersSeen; readonly letters: FollowerLetters };
  live: LiveStreams;
  audit: RunAudit;
  adminToken: string | undefined;
  clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  logger: Logger;
}): FastifyInstance {
  const { clock, logger, adminToken } = deps;
  const sessions = createSessions({ clock });
  const guard = createAdminGuard({ adminToken, sessions, loginLimit: createLoginLimit({ clock }), logger });
  const app = fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 64 * 1024,
    requestTimeout: 10_000,
    http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000 },
    forceCloseConnections: true,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  });

  app.server.maxConnections = maxConnections;
  protectPages(app);
  app.decorateRequest('actor', nobody);
  app.register(cookie);

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
      admin.addHook('onRequest', guard.admit);
      admin.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'));
      answerErrors(admin);
      addAdminRoutes(admin, deps);
      addAuditRoutes(admin, deps.audit);
      addDeadLetterRoutes(admin, deps.deadLetters, deps.steering);
      if (deps.followers) addFollowerRoutes(admin, deps.followers);
      admin.get('/stream', (request, reply) => deps.live.open(reply, () => mayWatch(request)));
      const mayWatch = (request: Parameters<typeof guard.sessionOf>[0]) =>
        request.actor.via === 'api' || guard.sessionOf(request) !== undefined;
    },
    { prefix: '/admin' },
  );
  app.register(
    async (page) => {
      await page.register(formbody, { bodyLimit: 4 * 1024 });
      await opsPage(page, { guard, sessions });
    },
    { prefix: '/ops' },
  );
  return app;
}

const nobody = null as unknown as Actor;
