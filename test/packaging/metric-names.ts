import { type MetricObject, Registry } from 'prom-client';
import { createFollowerClusterMetrics, createFollowerMetrics } from '../../src/platform/follower-metrics.ts';
import {
  createClusterMetrics,
  createDrainMetrics,
  createIntakeMetrics,
  createRegistry,
} from '../../src/platform/metrics.ts';

/** What each role exposes besides Node's defaults. */
const makers: Readonly<Record<string, (registry: Registry) => unknown>> = {
  gateway: createIntakeMetrics,
  drainer: createDrainMetrics,
  follower: (registry) => createFollowerMetrics(registry, 'ranking'),
  ops: (registry) => [createClusterMetrics(registry), createFollowerClusterMetrics(registry)],
};

export interface ExposedMetric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly help: string;
  readonly labels: readonly string[];
  readonly roles: readonly string[];
}

/** prom-client keeps types and labels as it was given them, and hands them out so. */
type Known = MetricObject & { readonly labelNames: readonly string[] };

function describe(registry: Registry, roles: readonly string[]): ExposedMetric[] {
  return (registry.getMetricsAsArray() as unknown as Known[]).map((metric) => {
    const kind = metric.constructor.name.toLowerCase() as ExposedMetric['type'];
    return { name: metric.name, type: kind, help: metric.help, labels: metric.labelNames, roles };
  });
}

/** Sluice's own metrics, each with the roles that expose it. */
export function ownMetrics(): ExposedMetric[] {
  const byName = new Map<string, ExposedMetric>();
  for (const [role, make] of Object.entries(makers)) {
    const registry = new Registry();
    make(registry);
    for (const metric of describe(registry, [role])) {
      const known = byName.get(metric.name);
      byName.set(metric.name, known ? { ...known, roles: [...known.roles, role] } : metric);
    }
  }
  return [...byName.values()].sort((one, two) => one.name.localeCompare(two.name));
}

/** Node's default metrics, which every role exposes. */
export const nodeMetrics = (): ExposedMetric[] =>
  describe(createRegistry(), Object.keys(makers)).sort((one, two) => one.name.localeCompare(two.name));

/**
 * RabbitMQ's: totals from `/metrics`, and per queue from
 * `/metrics/detailed?family=queue_coarse_metrics&family=queue_consumer_count`.
 */
const rabbitmqGauges = [
  'rabbitmq_detailed_queue_messages_ready',
  'rabbitmq_detailed_queue_messages_unacked',
  'rabbitmq_detailed_queue_messages',
  'rabbitmq_detailed_queue_consumers',
  'rabbitmq_process_resident_memory_bytes',
  'rabbitmq_resident_memory_limit_bytes',
  'rabbitmq_disk_space_available_bytes',
  'rabbitmq_disk_space_available_limit_bytes',
  'rabbitmq_connections',
  'rabbitmq_channels',
  'rabbitmq_raft_entry_commit_latency_seconds',
  'rabbitmq_alarms_memory_used_watermark',
  'rabbitmq_alarms_free_disk_space_watermark',
  'rabbitmq_alarms_file_descriptor_limit',
];

const rabbitmqCounters = [
  'rabbitmq_global_messages_received_total',
  'rabbitmq_global_messages_confirmed_total',
  'rabbitmq_global_messages_delivered_total',
  'rabbitmq_global_messages_acknowledged_total',
  'rabbitmq_global_messages_redelivered_total',
  'rabbitmq_global_messages_unroutable_returned_total',
  'rabbitmq_global_messages_dead_lettered_delivery_limit_total',
];

/** Prometheus' own: the alerts its rules raise, and whether a target answered. */
const prometheusGauges = ['ALERTS', 'up'];

/** Series names as queries see them: a histogram is its `_bucket`, `_sum` and `_count`. */
export function seriesOf({ name, type }: Pick<ExposedMetric, 'name' | 'type'>): string[] {
  if (type === 'histogram') return [`${name}_bucket`, `${name}_sum`, `${name}_count`];
  return type === 'summary' ? [name, `${name}_sum`, `${name}_count`] : [name];
}

const exposed = [...ownMetrics(), ...nodeMetrics()];

/** Every series a dashboard or an alert may name. */
export const seriesNames: ReadonlySet<string> = new Set([
  ...exposed.flatMap(seriesOf),
  ...rabbitmqGauges,
  ...rabbitmqCounters,
  ...prometheusGauges,
]);

/** Series that only ever grow: they make sense inside `rate` or `increase` alone. */
export const growingSeries: ReadonlySet<string> = new Set([
  ...exposed.filter(({ type }) => type !== 'gauge').flatMap(seriesOf),
  ...rabbitmqCounters,
]);
