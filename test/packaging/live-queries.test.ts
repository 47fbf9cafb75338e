import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'amqplib';
import type { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { createMetricsServer } from '../../src/platform/metrics-server.ts';
import { crowd } from '../support/http.ts';
import { createRig, newOrder, type Rig } from '../support/rig.ts';
import { until } from '../support/wait.ts';
import {
  type Asked,
  alertRules,
  dashboardExpressions,
  dashboardFiles,
  loadDashboard,
} from './dashboard-files.ts';
import { codeIn, readDocument } from './documents.ts';
import { nodeMetrics, ownMetrics, seriesOf } from './metric-names.ts';
import { asGrafanaSends, lintMetrics, selectorsIn } from './promql.ts';

/** A working Sluice with a crowd before it, scraped by a Prometheus that has our alerts. */
let rig: Rig;
const pages = new Map<string, string>();
const metricsServers: ReturnType<typeof createMetricsServer>[] = [];
let saleId: string;
let gatewayUrl: string;
let opsUrl: string;

const deadlineMs = 40_000;
vi.setConfig({ testTimeout: deadlineMs + 20_000 });
const targetsFile = () => join(inject('servicesDir'), 'prometheus-targets.json');

async function serve(role: string, registry: Registry) {
  const server = createMetricsServer({ registry, host: '127.0.0.1', port: 0 });
  metricsServers.push(server);
  await server.start();
  pages.set(role, server.url());
}

function announce(roles: readonly (readonly [string, string])[]): void {
  const targets = roles.map(([role, url]) => ({ targets: [new URL(url).host], labels: { role } }));
  writeFileSync(`${targetsFile()}.next`, JSON.stringify(targets));
  renameSync(`${targetsFile()}.next`, targetsFile());
}

/** The samples that Prometheus has for an expression now. */
async function ask(expr: string): Promise<{ metric: Record<string, string>; value: number }[]> {
  const response = await fetch(`${inject('services').prometheusUrl}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query: expr }),
  });
  const { status, error, data } = (await response.json()) as {
    status: string;
    error?: string;
    data: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  if (status !== 'success') throw new Error(`${expr}: ${error}`);
  return data.result.map(({ metric, value: [, text] }) => ({
    metric,
    value: Number(text.replace('Inf', 'Infinity')),
  }));
}

/** Orders of a crowd: new ones, repeats, and more than there is of what is scarce. */
async function load(): Promise<void> {
  const orders = Array.from({ length: 150 }, (_, i) => newOrder({ sku: i % 5 === 0 ? 'scarce' : 'plenty' }));
  await crowd(gatewayUrl, saleId, [...orders, ...orders.slice(0, 20)]);
}

/** Keeps the crowd coming until every expression has returned a number; resolves with those that never did. */
async function withoutData(asked: readonly Asked[]): Promise<Asked[]> {
  let left = [...asked];
  const endsAtMs = Date.now() + deadlineMs;
  while (left.length > 0 && Date.now() < endsAtMs) {
    await load();
    const answered = await Promise.all(
      left.map(async ({ expr }) => (await ask(expr)).some(({ value }) => !Number.isNaN(value))),
    );
    left = left.filter((_, at) => !answered[at]);
  }
  return left;
}

beforeAll(async () => {
  rig = await createRig();
  const ops = await rig.ops();
  const drainer = await rig.drainer();
  const gateway = await rig.gateway();
  const follower = await rig.follower('loyalty');
  gatewayUrl = gateway.url;
  opsUrl = ops.url;
  for (const [role, { registry }] of Object.entries({ ops, drainer, gateway, follower }))
    await serve(role, registry);
  announce([...pages]);
  saleId = await rig.sale([
    { sku: 'plenty', stock: 1_000_000 },
    { sku: 'scarce', stock: 40 },
  ]);
  await load();
});

afterAll(async () => {
  announce([]);
  await Promise.all(metricsServers.map((server) => server.stop(500)));
  await rig.close();
});

it('every expression of every dashboard returns numbers while a crowd orders', async () => {
  const asked = dashboardExpressions().map(({ expr, where }) => ({ expr: asGrafanaSends(expr), where }));
  expect(asked.length).toBeGreaterThan(80);
  expect(await withoutData(asked)).toEqual([]);
});

it('every alert asks for series that are there', async () => {
  const asked = alertRules().flatMap(({ alert, expr }) =>
    selectorsIn(expr).map((selector) => ({ expr: selector, where: alert })),
  );
  expect(new Set(asked.map(({ where }) => where)).size).toBe(alertRules().length);
  expect(await withoutData(asked)).toEqual([]);
});

it('every variable of a dashboard has values to choose from', async () => {
  for (const { title, templating } of dashboardFiles.map(loadDashboard)) {
    for (const { query, name } of templating?.list?.filter(({ type }) => type === 'query') ?? []) {
      const [, series, label] = /label_values\((\w+), (\w+)\)/.exec(JSON.stringify(query))!;
      // A scrape that came late leaves a gap of one interval.
      await until(
        async () => (await ask(`count by (${label}) (${series})`)).some(({ metric }) => metric[label!]),
        { deadlineMs: 30_000, what: `values of ${title} / ${name}` },
      );
    }
  }
});

it.each(['gateway', 'drainer', 'follower', 'ops'])(
  'the %s role exposes what is documented, in the form that Prometheus asks for',
  async (role) => {
    const page = await (await fetch(pages.get(role)!)).text();
    const own = ownMetrics().filter((metric) => metric.roles.includes(role));
    const named = new Set([...own, ...nodeMetrics()].flatMap(seriesOf));
    const shown = new Set([...page.matchAll(/^([a-zA-Z_:][\w:]*)/gm)].map(([name]) => name!));
    expect([...shown].filter((name) => !named.has(name))).toEqual([]);
    expect(own.flatMap(seriesOf).filter((name) => !shown.has(name))).toEqual([]);
    // Names that prom-client has given Node's defaults; other tools know them so.
    const known = /^nodejs_active_(handles|requests|resources)_total non-counter metrics should not have/;
    expect((await lintMetrics(page)).filter((line) => !known.test(line))).toEqual([]);
  },
);

it('every admin path that the operations guide names is there, behind the token', async () => {
  const named = codeIn(readDocument('docs/operations.md')).flatMap((span) => {
    const [, method, path] = /^(GET|POST|PUT) (\/admin\/\S+)$/.exec(span) ?? [];
    return method ? [[method, path!.replace('/ID/', '/no-such-sale/')] as const] : [];
  });
  const paths = [...new Map(named.map(([method, path]) => [`${method} ${path}`, { method, path }])).values()];
  expect(paths.length).toBeGreaterThan(3);
  for (const { method, path } of paths) {
    expect((await fetch(`${opsUrl}${path}`, { method })).status, `${method} ${path}`).toBe(401);
  }
  expect((await fetch(`${opsUrl}/admin/no-such-path`)).status).toBe(404);
});

it('an alert fires when its fault is there, and not before', async () => {
  const firing = async () => (await ask('ALERTS{alertstate="firing"}')).map(({ metric }) => metric.alertname);
  expect(await firing()).not.toContain('SluiceDeadLetters');
  const model = await connect(rig.stack.amqpUrl);
  try {
    const channel = await model.createConfirmChannel();
    channel.sendToQueue('sluice.orders', Buffer.from('no envelope'), { persistent: true });
    await channel.waitForConfirms();
  } finally {
    await model.close();
  }
  await until(async () => (await firing()).includes('SluiceDeadLetters'), { deadlineMs, what: 'the alert' });
});
