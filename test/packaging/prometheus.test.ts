import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { namesOf, readCompose } from './compose-file.ts';
import { alertRules, rulesFile } from './dashboard-files.ts';
import { seriesNames } from './metric-names.ts';
import { promtool, seriesIn } from './promql.ts';

const folder = join(import.meta.dirname, '../../grafana/prometheus');
const configFile = join(folder, 'prometheus.yml');
const config = parse(readFileSync(configFile, 'utf8'));
const rules = alertRules();

it('promtool accepts configuration and rules', async () => {
  expect(await promtool('check', 'config', configFile)).toContain('1 rule files found');
  expect(await promtool('check', 'rules', rulesFile)).toContain(`${rules.length} rules found`);
});

it('alerts fire on their faults and only then', async () => {
  const temporary = await mkdtemp(join(tmpdir(), 'sluice-rules-'));
  try {
    const tests = readFileSync(join(import.meta.dirname, 'alerts.test.yml'), 'utf8').replace(
      'RULES',
      rulesFile,
    );
    await writeFile(join(temporary, 'alerts.yml'), tests);
    expect(await promtool('test', 'rules', join(temporary, 'alerts.yml'))).toContain('SUCCESS');
  } finally {
    await rm(temporary, { recursive: true });
  }
});

it('every alert is held to fire on its fault, by these tests', () => {
  const tests = parse(readFileSync(join(import.meta.dirname, 'alerts.test.yml'), 'utf8'), { merge: true });
  const fired = new Set(
    [...JSON.stringify(tests).matchAll(/alertname=\\\\?"(\w+)/g)].map((match) => match[1]),
  );
  expect([...fired].toSorted()).toEqual(rules.map((rule) => rule.alert).toSorted());
});

it.each(rules)('$alert reads known metrics, has a severity and says what to do', (rule) => {
  const series = seriesIn(rule.expr);
  expect(series.length).toBeGreaterThan(0);
  expect(series.filter((name) => !seriesNames.has(name))).toEqual([]);
  expect(rule.labels).toEqual({ severity: expect.stringMatching(/^(warning|critical)$/) });
  expect(rule.annotations).toEqual({
    summary: expect.any(String),
    action: expect.any(String),
    runbook_url: `docs/operations.md#${rule.alert.toLowerCase()}`,
  });
});

it('every role of the compose file is scraped, on the port it serves', () => {
  const { services } = readCompose();
  const targets: string[] = config.scrape_configs.flatMap(
    (job: {
      dns_sd_configs?: { names: string[]; port: number }[];
      static_configs?: { targets: string[] }[];
    }) => [
      ...(job.dns_sd_configs ?? []).flatMap((dns) => dns.names.map((name) => `${name}:${dns.port}`)),
      ...(job.static_configs ?? []).flatMap((fixed) => fixed.targets),
    ],
  );
  for (const [name, service] of Object.entries(services)) {
    if (!['gateway', 'drainer', 'follower'].includes(service.command?.[0] ?? '')) continue;
    const scraped = namesOf(name, service).map((host) => `${host}:${service.environment!.METRICS_PORT}`);
    expect(
      scraped.filter((one) => targets.includes(one)),
      name,
    ).toHaveLength(1);
  }
  expect(targets).toContain(`ops:${services.ops!.environment!.OPS_PORT}`);
  const hosts = targets.map((target) => target.split(':')[0]!).filter((host) => host !== '127.0.0.1');
  const known = Object.entries(services).flatMap(([name, service]) => namesOf(name, service));
  expect(hosts.filter((host) => !known.includes(host))).toEqual([]);
});

it('says of each process which role it is, as `sluice up` does', () => {
  for (const role of ['gateway', 'drainer', 'follower', 'ops']) {
    const job = config.scrape_configs.find((one: { job_name: string }) => one.job_name === role);
    const given = job.relabel_configs?.find(
      (one: object) => 'target_label' in one && one.target_label === 'role',
    );
    expect(given?.replacement ?? job.static_configs?.[0].labels?.role, role).toBe(role);
  }
});

it('asks RabbitMQ for totals, and queue by queue for depth and consumers', () => {
  const jobs = config.scrape_configs.filter((job: { job_name: string }) =>
    job.job_name.startsWith('rabbitmq'),
  );
  expect(jobs).toMatchObject([
    { job_name: 'rabbitmq' },
    {
      metrics_path: '/metrics/detailed',
      params: { family: ['queue_coarse_metrics', 'queue_consumer_count'] },
    },
  ]);
});
