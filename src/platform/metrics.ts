import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** A registry with Node's default metrics, for one process. */
export function createRegistry(): Registry {
  const registry = new Registry();
  // By default every 10 ms: a hundred wake-ups a second, more than all else that an idle process does.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  return registry;
}

export const intakeOutcomes = [
  'accepted',
  'replayed',
  'transaction-id-reused',
  'invalid',
  'unauthorized',
  'unknown-sale',
  'unknown-sku',
  'sold-out',
  'customer-limit',
  'sale-not-open',
  'sale-closed',
  'rate-limited',
  'unavailable',
  'outcome-unknown',
] as const;
export type IntakeOutcome = (typeof intakeOutcomes)[number];

/** What a gateway counts. */
export function createIntakeMetrics(registry: Registry) {
  const orders = new Counter({
    name: 'sluice_orders_total',
    help: 'Order requests answered, by outcome.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const byOutcome = Object.fromEntries(
    intakeOutcomes.map((outcome) => {
      const child = orders.labels(outcome);
      child.inc(0);
      return [outcome, child];
    }),
  ) as unknown as Record<IntakeOutcome, { inc(): void }>;
  const intakeSeconds = new Histogram({
    name: 'sluice_order_intake_seconds',
    help: 'From a valid order, read and known to come from whom it says, to its answer.',
    buckets: [0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  const envelopeOrders = new Histogram({
    name: 'sluice_envelope_orders',
    help: 'Orders per published envelope.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
    registers: [registry],
  });
  let readInflight = () => 0;
  new Gauge({
    name: 'sluice_inflight_requests',
    help: 'Order requests that this gateway is working on.',
    registers: [registry],
    collect() {
      this.set(readInflight());
    },
  });
  const dependencies = dependencyGauge(registry, ['redis', 'rabbitmq']);
  const brokerBlocked = new Gauge({
    name: 'sluice_broker_blocked',
    help: '1 while the broker blocks publishing (memory or disk alarm).',
    registers: [registry],
  });
  brokerBlocked.set(0);
  return {
    byOutcome,
    intakeSeconds,
    envelopeOrders,
    dependencies,
    brokerBlocked,
    dependenciesFrom: dependencies.from,
    /** Where the number of requests under way is read when somebody scrapes. */
    inflightFrom(read: () => number): void {
      readInflight = read;
    },
  };
}
export type IntakeMetrics = ReturnType<typeof createIntakeMetrics>;

/** What a drainer counts. */
export function createDrainMetrics(registry: Registry) {
  const drained = new Counter({
    name: 'sluice_drained_orders_total',
    help: 'Orders settled in the ledger by this drainer, by outcome; repeats do not count.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  for (const outcome of ['confirmed', 'rejected', 'failed']) drained.labels(outcome).inc(0);
  const events = new Counter({
    name: 'sluice_events_published_total',
    help: 'Events that the broker has confirmed, by outcome; repeats count.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  for (const outcome of ['confirmed', 'rejected', 'failed']) events.labels(outcome).inc(0);
  return {
    drained,
    events,
    batchOrders: new Histogram({
      name: 'sluice_batch_orders',
      help: 'Orders per batch written.',
      buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000],
      registers: [registry],
    }),
    batchCommitSeconds: new Histogram({
      name: 'sluice_batch_commit_seconds',
      help: 'Round trip of a batch to the ledger, without waiting for the cap.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers: [registry],
    }),
    settleSeconds: new Histogram({
      name: 'sluice_order_settle_seconds',
      help: 'From claim to commit: the time to truth.',
      buckets: [
        0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1800,
      ],
      registers: [registry],
    }),
    settleFailures: new Counter({
      name: 'sluice_settle_failures_total',
      help: 'Orders whose claim could not be settled after the commit; the reconciler does it later.',
      registers: [registry],
    }),
    dependencies: dependencyGauge(registry, ['redis', 'rabbitmq', 'postgres']),
  };
}
export type DrainMetrics = ReturnType<typeof createDrainMetrics>;

/** What is true of the cluster: served by the ops role alone, so that two gateways do not count it twice. */
export function createClusterMetrics(registry: Registry) {
  const gauge = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const reconciled = new Counter({
    name: 'sluice_reconciled_orders_total',
    help: 'Claims the reconciler published again or settled.',
    labelNames: ['action'],
    registers: [registry],
  });
  for (const action of ['republished', 'settled']) reconciled.labels(action).inc(0);
  return {
    waiting: gauge('sluice_orders_waiting', 'Orders claimed and not settled.'),
    oldestAgeSeconds: gauge(
      'sluice_oldest_order_age_seconds',
      'Age of the oldest order that has not settled.',
    ),
    backlogDrainSeconds: gauge('sluice_backlog_drain_seconds', 'Time to drain what waits, at the cap.'),
    cap: gauge('sluice_drain_cap_orders_per_second', 'The cap in force; 0 while paused.', ['reason']),
    stockLeft: gauge('sluice_stock_left', 'Pieces in the ledger that are not sold.', ['sale', 'sku']),
    stockClaimed: gauge('sluice_stock_claimed', 'Pieces claimed and not settled.', ['sale', 'sku']),
    stockDrift: gauge(
      'sluice_stock_drift',
      'Pieces by which Redis (left + claimed) and the ledger (left) differ, beyond what is under way between them.',
      ['sale', 'sku'],
    ),
    saleOpens: gauge('sluice_sale_opens_timestamp_seconds', 'When the sale opens, in Unix time.', ['sale']),
    saleCloses: gauge('sluice_sale_closes_timestamp_seconds', 'When the sale closes, in Unix time.', [
      'sale',
    ]),
    deadLetters: gauge('sluice_dead_letters', 'Orders in the dead-letter queue.'),
    queueReady: gauge('sluice_queue_ready_envelopes', 'Envelopes in the order queue, ready.'),
    queueUnacknowledged: gauge('sluice_queue_unacknowledged_envelopes', 'Envelopes in drainers’ hands.'),
    reconciled,
    rebuilds: new Counter({
      name: 'sluice_rebuilds_total',
      help: 'Sales rebuilt in Redis from the ledger.',
      registers: [registry],
    }),
    dependencies: dependencyGauge(registry, ['redis', 'rabbitmq', 'postgres']),
  };
}
export type ClusterMetrics = ReturnType<typeof createClusterMetrics>;

export type Dependency = 'redis' | 'rabbitmq' | 'postgres';

export function dependencyGauge(registry: Registry, dependencies: readonly Dependency[]) {
  const asked = new Map<Dependency, () => boolean>();
  const gauge = new Gauge({
    name: 'sluice_dependency_up',
    help: '1 while this process can use the dependency.',
    labelNames: ['dependency'],
    registers: [registry],
    collect() {
      for (const [dependency, isUp] of asked) this.labels(dependency).set(isUp() ? 1 : 0);
    },
  });
  for (const dependency of dependencies) gauge.labels(dependency).set(0);
  return {
    set(dependency: Dependency, up: boolean): void {
      gauge.labels(dependency).set(up ? 1 : 0);
    },
    /** Asks at each scrape instead of being told. */
    from(dependency: Dependency, isUp: () => boolean): void {
      asked.set(dependency, isUp);
    },
  };
}
