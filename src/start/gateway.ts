import type { JwtOptions } from '../intake/authenticate.ts';
import { createIntake } from '../intake/intake.ts';
import type { Config } from '../platform/config/config.ts';
import { addressSet } from '../platform/config/read.ts';
import { createIntakeMetrics } from '../platform/metrics.ts';
import { createAnnouncer } from './announcer.ts';
import { inOrder, neighbourPatienceMs, startedWithin } from './in-order.ts';
import type { Role, RoleContext } from './role.ts';
import { claimsFor, ledgerFor, processId, publisherFor } from './stages.ts';

/** The gateway role: intake, with claims, publisher and (for old statuses only) ledger behind it. */
export async function composeGateway(context: RoleContext): Promise<Role> {
  const { config, logger, clock, registry, hitFailpoint } = context;
  const metrics = createIntakeMetrics(registry);
  const claims = claimsFor(context);
  const ledger = ledgerFor(context, 'gateway');
  const publisher = publisherFor(context, (state) => {
    metrics.brokerBlocked.set(state === 'blocked' ? 1 : 0);
    metrics.dependencies.set('rabbitmq', state === 'up');
  });
  metrics.dependenciesFrom('redis', () => claims.available());
  const intake = await createIntake({
    claims,
    publisher,
    ledger,
    metrics,
    clock,
    logger,
    hitFailpoint,
    options: {
      host: config.HOST,
      port: config.PORT,
      gatewayId: processId(),
      envelopeMaxOrders: config.ENVELOPE_MAX_ORDERS,
      maxWaitingOrders: config.MAX_WAITING_ORDERS,
      maxInflightRequests: config.MAX_INFLIGHT_REQUESTS,
      maxConnections: config.MAX_CONNECTIONS,
      clientMaxRequestsPerSecond: config.CLIENT_MAX_REQUESTS_PER_SECOND,
      clientLimitExempt: addressSet(['127.0.0.0/8', '::1', ...config.CLIENT_LIMIT_EXEMPT]),
      trustProxy: config.TRUST_PROXY,
      currency: config.SHOP_CURRENCY,
      ...(config.AUTH === 'jwt' ? { jwt: jwtOptions(config) } : {}),
    },
  });
  return {
    ...inOrder([
      startedWithin(0, ledger),
      startedWithin(neighbourPatienceMs, claims),
      startedWithin(neighbourPatienceMs, publisher),
      intake,
      createAnnouncer({ role: 'gateway', registry, claims, clock }),
    ]),
    url: () => intake.url(),
  };
}

/** What the configuration's cross-checks have made sure of. */
function jwtOptions(config: Config): JwtOptions {
  return {
    issuer: config.JWT_ISSUER!,
    audience: config.JWT_AUDIENCE!,
    algorithms: config.JWT_ALGORITHMS,
    keys: config.JWT_KEY === undefined ? { jwksUrl: config.JWT_JWKS_URL! } : { key: config.JWT_KEY },
  };
}
