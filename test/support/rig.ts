import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Registry } from 'prom-client';
import { type SaleKeys, saleKeys } from '../../src/claim/keys.ts';
import type { Follower } from '../../src/events/follower.ts';
import { applyInLedger } from '../../src/events/perform.ts';
import { migrate } from '../../src/ledger/ledger.ts';
import { createSaleOperations } from '../../src/ops/sales.ts';
import type { OrderEvent } from '../../src/order/events.ts';
import type { ClaimedOrder } from '../../src/order/order.ts';
import type { SaleItem } from '../../src/order/sale.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { readConfig } from '../../src/platform/config/read.ts';
import type { HitFailpoint } from '../../src/platform/failpoints.ts';
import type { Lifecycle } from '../../src/platform/lifecycle.ts';
import { createLogger, type Logger } from '../../src/platform/logger.ts';
import { createRegistry } from '../../src/platform/metrics.ts';
import { composeDrainer } from '../../src/start/drainer.ts';
import { composeFollower } from '../../src/start/follower.ts';
import { followerNamed } from '../../src/start/followers.ts';
import { composeGateway } from '../../src/start/gateway.ts';
import { composeOps } from '../../src/start/ops.ts';
import type { Role } from '../../src/start/role.ts';
import { claimsFor, ledgerFor, publisherFor } from '../../src/start/stages.ts';
import { type Broker, createBroker } from './broker.ts';
import { patience } from './patience.ts';
import { createStack, type Stack } from './stack.ts';
import { until } from './wait.ts';

type Environment = Readonly<Record<string, string>>;

/** A role that runs in this process. */
export interface RunningRole {
  readonly url: string;
  readonly registry: Registry;
  /** What `fail` was called with. */
  readonly faults: readonly unknown[];
  /** The value of a counter or gauge, 0 where it has none with these labels. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  stop(deadlineMs?: number): Promise<void>;
}

export type RigItem = Pick<SaleItem, 'sku' | 'stock'> & Partial<SaleItem>;

/** The number of orders and pieces by status in the ledger, and the stock that is left. */
export interface LedgerCounts {
  readonly confirmed: number;
  readonly rejected: number;
  readonly failed: number;
  readonly pieces: number;
  readonly stockLeft: number;
}

/** How a role differs from what it would be alone on the stack. */
export interface RoleOptions {
  /** Servers that are reached another way, as through a valve. */
  readonly target?: Partial<Pick<Stack, 'databaseUrl' | 'amqpUrl' | 'amqpManagementUrl' | 'redisUrl'>>;
  readonly hitFailpoint?: HitFailpoint;
}

/** A whole Sluice in this process, on servers of its own: the roles as `sluice` composes them. */
export interface Rig extends Broker {
  readonly stack: Stack;
  readonly claims: ReturnType<typeof claimsFor>;
  readonly ledger: ReturnType<typeof ledgerFor>;
  readonly publisher: ReturnType<typeof publisherFor>;
  readonly sales: ReturnType<typeof createSaleOperations>;
  readonly db: pg.Client;
  /** A client of the claims' Redis that connects when it is first used. */
  readonly redis: Redis;
  readonly logger: Logger;
  gateway(environment?: Environment, options?: RoleOptions): Promise<RunningRole>;
  drainer(environment?: Environment, options?: RoleOptions): Promise<RunningRole>;
  ops(environment?: Environment, options?: RoleOptions): Promise<RunningRole>;
  follower(which: string | Follower, environment?: Environment, options?: RoleOptions): Promise<RunningRole>;
  /** Has a follower that writes to the ledger handle events, without the broker; resolves with how many were new. */
  handle(follower: string, events: readonly OrderEvent[]): Promise<number>;
  /** Another claim stage, as another process would have it. */
  anotherClaims(): Promise<ReturnType<typeof claimsFor>>;
  /** Another publisher, as another process would have it. */
  anotherPublisher(
    environment?: Environment,
    options?: Pick<RoleOptions, 'target'>,
  ): Promise<ReturnType<typeof publisherFor>>;
  /** Applies a sale that is open (unless told otherwise) and resolves with its ID once every gateway serves it. */
  sale(items: readonly RigItem[], times?: { opensInMs?: number; closesInMs?: number }): Promise<string>;
  /** Says that the claims on this Redis are good, as the ops role does. */
  vet(): Promise<void>;
  counts(saleId: string): Promise<LedgerCounts>;
  /** Claims orders of one piece each, without publishing them. */
  claimed(saleId: string, sku: string, orders: number): Promise<ClaimedOrder[]>;
  /** Where Redis keeps a sale. */
  saleKeys(saleId: string): SaleKeys;
  close(): Promise<void>;
}

/** The admin token of every rig. */
export const rigAdminToken = 'rig-admin-token-of-a-test';

/** @param environment settings of every role, over the defaults and `patience`. */
export async function createRig(environment: Environment = {}): Promise<Rig> {
  const stack = await createStack();
  const configOf = (more: Environment = {}) =>
    readConfig({
      ...{ PORT: '0', OPS_PORT: '0', ADMIN_TOKEN: rigAdminToken, LOG_LEVEL: 'silent' },
      ...patience,
      ...environment,
      ...more,
    });
  const logger = createLogger('rig', configOf().LOG_LEVEL);
  await migrate(stack.databaseUrl, () => undefined);

  const base = { config: configOf(), target: stack, logger, clock: systemClock };
  const claims = claimsFor(base);
  const ledger = ledgerFor(base, 'rig');
  const publisher = publisherFor(base);
  const broker = await createBroker(stack, { publisher, logger });
  const sales = createSaleOperations({ ledger, claims, clock: systemClock });
  const db = new pg.Client(stack.databaseUrl);
  db.on('error', () => undefined);
  const redis = new Redis(stack.redisUrl, { lazyConnect: true });
  redis.on('error', () => undefined);
  await Promise.all([claims.start(), ledger.start(), publisher.start(), db.connect()]);
  const running: Lifecycle[] = [];
  const gatewayUrls = new Set<string>();

  async function vet(): Promise<void> {
    await until(async () => claims.vet((await claims.runIds()).current).then(() => claims.available()), {
      deadlineMs: 5_000,
      what: 'Redis to be vetted',
    });
  }
  await vet();

  async function run(
    compose: (context: Parameters<typeof composeGateway>[0]) => Role | Promise<Role>,
    more: Environment | undefined,
    { target, hitFailpoint = () => undefined }: RoleOptions = {},
  ): Promise<RunningRole> {
    const registry = createRegistry();
    const faults: unknown[] = [];
    const role = await compose({
      ...base,
      config: configOf(more),
      target: { ...stack, ...target },
      registry,
      hitFailpoint,
      fail: (error) => faults.push(error),
    });
    running.push(role);
    await role.start();
    return {
      url: role.url?.() ?? '',
      registry,
      faults,
      async metric(name, labels = {}) {
        const metric = await registry.getSingleMetric(name)?.get();
        const wanted = Object.entries(labels);
        return (
          metric?.values.find((value) => wanted.every(([key, is]) => value.labels[key] === is))?.value ?? 0
        );
      },
      stop: (deadlineMs = 5_000) => role.stop(deadlineMs),
    };
  }

  return {
    stack,
    claims,
    ledger,
    publisher,
    sales,
    ...broker,
    db,
    redis,
    logger,
    vet,
    saleKeys,
    async gateway(more, options) {
      const gateway = await run(composeGateway, more, options);
      gatewayUrls.add(gateway.url);
      return {
        ...gateway,
        stop(deadlineMs) {
          gatewayUrls.delete(gateway.url);
          return gateway.stop(deadlineMs);
        },
      };
    },
    drainer: (more, options) => run(composeDrainer, more, options),
    ops: (more, options) => run(composeOps, more, options),
    follower: (which, more, options) => run((context) => composeFollower(context, which), more, options),

    async handle(follower, events) {
      const surroundings = { send: publisher.send, onSwitchedOff: () => undefined };
      const { name, effect } = followerNamed(follower, configOf(), surroundings);
      if (effect.within !== 'ledger') throw new Error(`${name} writes elsewhere`);
      const context = { logger, signal: new AbortController().signal };
      return applyInLedger(ledger, { name, effect }, events, context);
    },

    async anotherClaims() {
      const other = claimsFor(base);
      running.push(other);
      await other.start();
      return other;
    },

    async anotherPublisher(more, { target } = {}) {
      const other = publisherFor({ ...base, config: configOf(more), target: { ...stack, ...target } });
      running.push(other);
      await other.start();
      return other;
    },

    async sale(items, { opensInMs = -60_000, closesInMs = 3_600_000 } = {}) {
      const saleId = `sale-${randomUUID()}`;
      await sales.apply({
        saleId,
        opensAtMs: Date.now() + opensInMs,
        closesAtMs: Date.now() + closesInMs,
        items: items.map((item) => ({ name: item.sku, priceMinor: 999, ...item })),
      });
      // Gateways of one process have one name in the cluster, so each of them is asked.
      for (const url of gatewayUrls) {
        await until(async () => (await fetch(`${url}/sales/${saleId}`)).ok, {
          deadlineMs: 5_000,
          what: 'the gateways to serve the sale',
        });
      }
      return saleId;
    },

    async counts(saleId) {
      const { rows } = await db.query<LedgerCounts>(
        `SELECT count(*) FILTER (WHERE status = 'confirmed')::int AS confirmed,
                count(*) FILTER (WHERE status = 'rejected')::int AS rejected,
                count(*) FILTER (WHERE status = 'failed')::int AS failed,
                coalesce(sum(quantity) FILTER (WHERE status = 'confirmed'), 0)::int AS pieces,
                (SELECT sum(stock_left)::int FROM sale_items WHERE sale_id = $1) AS "stockLeft"
           FROM orders WHERE sale_id = $1`,
        [saleId],
      );
      return rows[0]!;
    },

    async claimed(saleId, sku, orders) {
      const epoch = (await ledger.sale(saleId))!.epoch;
      const wanted = Array.from({ length: orders }, () => newOrder({ sku }));
      const outcomes = await claims.claim(saleId, epoch, wanted);
      return outcomes.map((outcome) => {
        if (outcome.outcome !== 'claimed') throw new Error(`an order was not claimed: ${outcome.outcome}`);
        return outcome.order;
      });
    },

    async close() {
      await Promise.all(running.map((role) => role.stop(5_000).catch(() => undefined)));
      await Promise.all([claims.stop(1_000), ledger.stop(1_000), publisher.stop(1_000)]);
      redis.disconnect();
      await db.end().catch(() => undefined);
      await stack.close();
    },
  };
}

/** A new order of one piece. */
export function newOrder(order: Partial<RigOrder> & { sku: string }): RigOrder {
  return {
    transactionId: randomUUID(),
    quantity: 1,
    customerId: `customer-${randomUUID().slice(0, 8)}`,
    ...order,
  };
}

export interface RigOrder {
  transactionId: string;
  sku: string;
  quantity: number;
  customerId: string;
}
