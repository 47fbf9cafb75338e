import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dashboards } from '../../grafana/source/index.ts';
import { dashboardFiles as files, loadDashboard as load } from './dashboard-files.ts';
import { type Dashboard, dataPanels, faultsOf } from './dashboard-rules.ts';
import { ownMetrics, seriesNames, seriesOf } from './metric-names.ts';
import { asGrafanaSends, parseAll, seriesIn } from './promql.ts';

const folder = join(import.meta.dirname, '../../grafana');

describe('the committed files', () => {
  it.each(Object.entries(dashboards))(
    'hold the dashboard %s as its source has it',
    async (name, dashboard) => {
      await expect(`${JSON.stringify(dashboard, undefined, 2)}\n`).toMatchFileSnapshot(
        `../../grafana/dashboards/${name}.json`,
      );
    },
  );

  it('are those of the sources and no others', () => {
    expect(files.toSorted()).toEqual(
      Object.keys(dashboards)
        .map((name) => `${name}.json`)
        .toSorted(),
    );
  });
});

describe.each(files)('dashboard %s', (file) => {
  it('keeps the rules', () => {
    expect(faultsOf(load(file))).toEqual([]);
  });

  it('has expressions that Prometheus can parse', async () => {
    await parseAll(
      [
        ...dataPanels(load(file)).flatMap((panel) => (panel.targets ?? []).map((one) => one.expr)),
        ...load(file).annotations.list.map((one) => one.expr),
      ].map(asGrafanaSends),
    );
  });
});

it('every dashboard has a uid and a title of its own', () => {
  const all = files.map(load);
  expect(new Set(all.map((one) => one.uid)).size).toBe(all.length);
  expect(new Set(all.map((one) => one.title)).size).toBe(all.length);
});

it('every dashboard is linked from every other, and a panel leads to a dashboard that is there', () => {
  const all = files.map(load);
  const uids = all.map((one) => one.uid);
  for (const one of all) {
    expect(one.tags, one.title).toContain('sluice');
    expect(one.links, one.title).toMatchObject([{ type: 'dashboards', tags: ['sluice'], keepTime: true }]);
    for (const { links = [] } of dataPanels(one)) {
      for (const { url } of links) expect(uids).toContain(/^\/d\/([a-z-]+)\?/.exec(url)?.[1]);
    }
  }
});

it('every dashboard marks the openings and closings of sales, and changes of the cap', () => {
  for (const { title, annotations } of files.map(load)) {
    expect(
      annotations.list.map((one) => one.name),
      title,
    ).toEqual(['Sale opens', 'Sale closes', 'Cap changed']);
    for (const { expr } of annotations.list) {
      expect(seriesIn(expr).filter((name) => !seriesNames.has(name))).toEqual([]);
    }
  }
});

it('every metric of Sluice is shown in a dashboard', () => {
  const shown = new Set(
    files
      .map(load)
      .flatMap((one) => [...dataPanels(one).flatMap((panel) => panel.targets ?? []), ...one.annotations.list])
      .flatMap(({ expr }) => seriesIn(expr)),
  );
  const unseen = ownMetrics().filter((metric) => !seriesOf(metric).some((name) => shown.has(name)));
  expect(unseen.map(({ name }) => name)).toEqual([]);
});

it('the Sale dashboard shows everything a sale is run by', () => {
  const shown = new Set(
    dataPanels(load('sale.json')).flatMap((panel) =>
      (panel.targets ?? []).flatMap((one) => seriesIn(one.expr)),
    ),
  );
  expect([...shown]).toEqual(
    expect.arrayContaining([
      'sluice_orders_waiting',
      'rabbitmq_detailed_queue_messages_ready',
      'sluice_orders_total',
      'sluice_drained_orders_total',
      'sluice_drain_cap_orders_per_second',
      'sluice_backlog_drain_seconds',
      'sluice_oldest_order_age_seconds',
      'sluice_order_intake_seconds_bucket',
      'sluice_stock_left',
      'sluice_stock_claimed',
      'sluice_stock_drift',
      'sluice_dead_letters',
      'sluice_dependency_up',
      'sluice_broker_blocked',
    ]),
  );
});

describe('the rules notice', () => {
  type Draft = { id?: number; panels: DraftPanel[]; templating: { list: object[] } };
  type DraftPanel = {
    type: string;
    description?: string;
    datasource: { uid: string };
    gridPos: { w: number };
    fieldConfig: { defaults: { unit?: string } };
    targets: { expr: string }[];
  };
  /** The faults of the Sale dashboard once its first time series panel, or the whole, was spoilt. */
  const spoilt = (change: (panel: DraftPanel, dashboard: Draft) => void) => {
    const draft = load('sale.json') as unknown as Draft;
    change(draft.panels.find((panel) => panel.type === 'timeseries')!, draft);
    return faultsOf(draft as unknown as Dashboard).join('\n');
  };

  it.each([
    [
      'a misspelt metric',
      'sum(rate(sluice_order_total[$__rate_interval]))',
      'unknown series sluice_order_total',
    ],
    ['a fixed range', 'sum(rate(sluice_orders_total[5m]))', 'range 5m'],
    ['a bare counter', 'sum(sluice_orders_total)', 'outside rate()'],
    ['an undeclared variable', 'max(sluice_stock_left{sku="$sku"})', 'undeclared variable sku'],
    [
      'a quantile without buckets',
      'histogram_quantile(0.9, sum(rate(sluice_batch_orders_bucket[$__rate_interval])))',
      'without le',
    ],
  ])('%s', (_what, expr, fault) => {
    expect(spoilt((panel) => Object.assign(panel.targets[0]!, { expr }))).toContain(fault);
  });

  it.each<[string, (panel: DraftPanel, dashboard: Draft) => void, string]>([
    ['a panel without a unit', (panel) => delete panel.fieldConfig.defaults.unit, 'no unit'],
    ['a panel without a description', (panel) => delete panel.description, 'no title or description'],
    [
      'a hard-wired data source',
      (panel) => Object.assign(panel.datasource, { uid: 'abc' }),
      'not the variable',
    ],
    [
      'a variable that keeps old values',
      (_panel, dashboard) => Object.assign(dashboard.templating.list[1]!, { refresh: 1 }),
      'keeps old values',
    ],
    ['an id', (_panel, dashboard) => Object.assign(dashboard, { id: 7 }), 'has an id'],
    ['panels over each other', (panel) => Object.assign(panel.gridPos, { w: 24 }), 'lies over'],
  ])('%s', (_what, change, fault) => {
    expect(spoilt(change)).toContain(fault);
  });
});

describe('provisioning', () => {
  const read = (path: string) => parse(readFileSync(join(folder, 'provisioning', path), 'utf8'));

  it('gives the data source a fixed uid', () => {
    const { datasources } = read('datasources/prometheus.yml');
    expect(datasources).toMatchObject([{ uid: 'sluice-prometheus', type: 'prometheus', isDefault: true }]);
  });

  it('tells Grafana the interval Prometheus scrapes at', () => {
    const { global } = parse(readFileSync(join(folder, 'prometheus/prometheus.yml'), 'utf8'));
    const { datasources } = read('datasources/prometheus.yml');
    expect(datasources[0].jsonData.timeInterval).toBe(global.scrape_interval);
  });

  it('looks for dashboards where compose mounts them', () => {
    const compose = parse(readFileSync(join(folder, '../docker-compose.yml'), 'utf8'), { merge: true });
    const { providers } = read('dashboards/sluice.yml');
    expect(compose.services.grafana.volumes).toContain(
      `./grafana/dashboards:${providers[0].options.path}:ro`,
    );
  });
});
