import type { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import {
  createClusterMetrics,
  createDrainMetrics,
  createIntakeMetrics,
  createRegistry,
  intakeOutcomes,
} from './metrics.ts';
import { createMetricsServer } from './metrics-server.ts';

async function linesOf(registry: Registry): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line.startsWith('sluice_'));
}

function namesIn(registry: Registry): string[] {
  return registry
    .getMetricsAsArray()
    .map((metric) => metric.name)
    .filter((name) => name.startsWith('sluice_'));
}

it('a gateway’s label sets start at 0', async () => {
  const registry = createRegistry();
  createIntakeMetrics(registry);
  const lines = await linesOf(registry);
  for (const outcome of intakeOutcomes) {
    expect(lines).toContain(`sluice_orders_total{outcome="${outcome}"} 0`);
  }
  expect(lines).toContain('sluice_dependency_up{dependency="redis"} 0');
  expect(lines).toContain('sluice_dependency_up{dependency="rabbitmq"} 0');
  expect(lines).toContain('sluice_broker_blocked 0');
  expect(lines).toContain('sluice_inflight_requests 0');
  expect(lines).toContain('sluice_order_intake_seconds_count 0');
});

it('a drainer’s label sets start at 0', async () => {
  const registry = createRegistry();
  createDrainMetrics(registry);
  const lines = await linesOf(registry);
  for (const outcome of ['confirmed', 'rejected', 'failed']) {
    expect(lines).toContain(`sluice_drained_orders_total{outcome="${outcome}"} 0`);
  }
  for (const dependency of ['redis', 'rabbitmq', 'postgres']) {
    expect(lines).toContain(`sluice_dependency_up{dependency="${dependency}"} 0`);
  }
});

it('the cluster’s label sets start at 0', async () => {
  const registry = createRegistry();
  createClusterMetrics(registry);
  const lines = await linesOf(registry);
  for (const action of ['republished', 'settled']) {
    expect(lines).toContain(`sluice_reconciled_orders_total{action="${action}"} 0`);
  }
  for (const name of ['sluice_orders_waiting', 'sluice_dead_letters', 'sluice_rebuilds_total']) {
    expect(lines).toContain(`${name} 0`);
  }
});

it('the names are those other tools rely on', () => {
  const [intake, drain, cluster] = [createRegistry(), createRegistry(), createRegistry()];
  createIntakeMetrics(intake);
  createDrainMetrics(drain);
  createClusterMetrics(cluster);
  expect(namesIn(intake)).toEqual(
    expect.arrayContaining([
      'sluice_orders_total',
      'sluice_order_intake_seconds',
      'sluice_broker_blocked',
      'sluice_dependency_up',
    ]),
  );
  expect(namesIn(drain)).toEqual(
    expect.arrayContaining([
      'sluice_drained_orders_total',
      'sluice_batch_orders',
      'sluice_batch_commit_seconds',
      'sluice_order_settle_seconds',
      'sluice_dependency_up',
    ]),
  );
  expect(namesIn(cluster)).toEqual(
    expect.arrayContaining([
      'sluice_orders_waiting',
      'sluice_oldest_order_age_seconds',
      'sluice_backlog_drain_seconds',
      'sluice_drain_cap_orders_per_second',
      'sluice_stock_left',
      'sluice_stock_claimed',
      'sluice_stock_drift',
      'sluice_dead_letters',
      'sluice_dependency_up',
    ]),
  );
});

it('cluster-wide metrics come from the ops role alone', () => {
  const [roles, cluster] = [createRegistry(), createRegistry()];
  createIntakeMetrics(roles);
  const drain = createRegistry();
  createDrainMetrics(drain);
  createClusterMetrics(cluster);
  const ofRoles = new Set([...namesIn(roles), ...namesIn(drain)]);
  const shared = namesIn(cluster).filter((name) => ofRoles.has(name));
  expect(shared).toEqual(['sluice_dependency_up']);
});

it('a dependency that is asked shows what it is at each scrape', async () => {
  const registry = createRegistry();
  const metrics = createIntakeMetrics(registry);
  let up = true;
  metrics.dependenciesFrom('redis', () => up);
  expect(await linesOf(registry)).toContain('sluice_dependency_up{dependency="redis"} 1');
  up = false;
  expect(await linesOf(registry)).toContain('sluice_dependency_up{dependency="redis"} 0');
});

it('a process serves its metrics, with Node’s own, and nothing else', async () => {
  const registry = createRegistry();
  createDrainMetrics(registry);
  const server = createMetricsServer({ registry, host: '127.0.0.1', port: 0 });
  await server.start();
  try {
    const response = await fetch(server.url());
    const text = await response.text();
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(text).toContain('sluice_batch_orders');
    expect(text).toContain('nodejs_eventloop_lag_seconds');
    expect((await fetch(new URL('/other', server.url()))).status).toBe(404);
    expect((await fetch(server.url(), { method: 'POST' })).status).toBe(404);
  } finally {
    await server.stop(500);
  }
});
