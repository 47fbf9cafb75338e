/**
 * Every metric a dashboard or an alert may name. Sluice's own come from its public interface; RabbitMQ's from
 * `/metrics/detailed?family=queue_coarse_metrics&family=queue_consumer_count`, the only families scraped.
 */
const counters = ['sluice_orders_total', 'sluice_drained_orders_total'];

const gauges = [
  'sluice_orders_waiting',
  'sluice_oldest_order_age_seconds',
  'sluice_backlog_drain_seconds',
  'sluice_drain_cap_orders_per_second',
  'sluice_stock_left',
  'sluice_stock_claimed',
  'sluice_stock_drift',
  'sluice_dead_letters',
  'sluice_broker_blocked',
  'sluice_dependency_up',
  'rabbitmq_detailed_queue_messages_ready',
  'rabbitmq_detailed_queue_messages_unacked',
  'rabbitmq_detailed_queue_messages',
  'rabbitmq_detailed_queue_consumers',
];

const histograms = [
  'sluice_order_intake_seconds',
  'sluice_order_settle_seconds',
  'sluice_batch_orders',
  'sluice_batch_commit_seconds',
];

/** Series names as queries see them: a histogram is its `_bucket`, `_sum` and `_count`. */
export const seriesNames: ReadonlySet<string> = new Set([
  ...counters,
  ...gauges,
  ...histograms.flatMap((name) => [`${name}_bucket`, `${name}_sum`, `${name}_count`]),
]);

/** Series that only ever grow: they make sense inside `rate` or `increase` alone. */
export const growingSeries: ReadonlySet<string> = new Set([
  ...counters,
  ...histograms.flatMap((name) => [`${name}_bucket`, `${name}_sum`, `${name}_count`]),
]);
