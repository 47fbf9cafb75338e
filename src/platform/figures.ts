import { hostname } from 'node:os';
import type { Registry } from 'prom-client';

/** What a process tells the cluster of itself, once a second: a few of its metrics, cumulative. */
export interface ProcessReport {
  readonly role: string;
  readonly host: string;
  readonly pid: number;
  /** Its age when it read the figures: differences of it are true whatever the machine's clock does. */
  readonly uptimeMs: number;
  /** By metric and value of its one label, as `sluice_orders_total accepted`; buckets by their bound. */
  readonly figures: Readonly<Record<string, number>>;
}

/** What operators see live. Every one has at most one label, and a histogram is told by its buckets. */
const told = [
  'sluice_orders_total',
  'sluice_order_intake_seconds',
  'sluice_drained_orders_total',
  'sluice_order_settle_seconds',
  'sluice_dependency_up',
  'sluice_broker_blocked',
] as const;

export async function readReport(role: string, registry: Registry): Promise<ProcessReport> {
  const figures: Record<string, number> = {};
  const uptimeMs = Math.round(performance.now());
  for (const name of told) {
    const metric = await registry.getSingleMetric(name)?.get();
    for (const { value, labels, ...sample } of metric?.values ?? []) {
      const isSumOrCount = 'metricName' in sample && sample.metricName !== `${name}_bucket`;
      if (isSumOrCount) continue;
      figures[[name, ...Object.values(labels)].join(' ')] = value;
    }
  }
  return { role, host: hostname(), pid: process.pid, uptimeMs, figures };
}
