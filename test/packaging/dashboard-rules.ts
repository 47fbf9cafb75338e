import { growingSeries, seriesNames } from './metric-names.ts';
import { seriesIn, withoutStrings } from './promql.ts';

type Json = Record<string, unknown>;

/** How a panel names the template variable `datasource`. */
const sourceVariable = `$\{datasource}`;

interface Target {
  readonly expr: string;
  readonly legendFormat?: string;
  readonly refId?: string;
  readonly datasource?: { uid?: string };
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly datasource?: { uid?: string };
  readonly gridPos: { x: number; y: number; w: number; h: number };
  readonly fieldConfig?: { defaults?: { unit?: string } };
  readonly targets?: readonly Target[];
  readonly links?: readonly { url: string }[];
}

export interface Dashboard extends Json {
  readonly uid?: string;
  readonly title?: string;
  readonly description?: string;
  readonly editable?: boolean;
  readonly tags?: readonly string[];
  readonly links?: readonly Json[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
  readonly templating?: { list?: readonly (Json & { name: string; type: string; query: unknown })[] };
  readonly panels: readonly Panel[];
}

/** Panels that show data, without the rows between them. */
export const dataPanels = (dashboard: Dashboard) => dashboard.panels.filter((panel) => panel.type !== 'row');

/**
 * What is wrong with a dashboard, one sentence each; none when it is sound. The rules are those of Grafana's
 * dashboard-linter that hold for a dashboard kept as a file. Left out: `job` and `instance` variables, because
 * the `sluice_` prefix already names the system, and jobs are called differently on one machine and in a cluster.
 */
export function faultsOf(dashboard: Dashboard): string[] {
  return [
    ...headFaults(dashboard),
    ...variableFaults(dashboard),
    ...dataPanels(dashboard).flatMap((panel) =>
      panelFaults(panel).map((fault) => `${panel.title ?? panel.id}: ${fault}`),
    ),
    ...layoutFaults(dashboard.panels),
  ];
}

function headFaults(dashboard: Dashboard): string[] {
  const faults: string[] = [];
  if (!/^sluice-[a-z-]{1,33}$/.test(dashboard.uid ?? '')) faults.push('no fixed uid of its own');
  if ('id' in dashboard) faults.push('has an id, which belongs to one Grafana');
  if (!dashboard.title || !dashboard.description) faults.push('no title or description');
  if (dashboard.editable !== false) faults.push('editable, though the file is the truth');
  return faults;
}

function variableFaults(dashboard: Dashboard): string[] {
  const faults: string[] = [];
  const variables = dashboard.templating?.list ?? [];
  const source = variables.find((variable) => variable.name === 'datasource');
  if (source?.type !== 'datasource' || source.query !== 'prometheus') {
    faults.push('no template variable `datasource` of type prometheus');
  }
  if (source?.label !== 'Data source') faults.push('the variable `datasource` is not labelled Data source');
  for (const variable of variables.filter((one) => one.type === 'query')) {
    const series = /label_values\((\w+),/.exec(JSON.stringify(variable.query))?.[1] ?? '';
    if (!seriesNames.has(series))
      faults.push(`variable ${variable.name} asks for the unknown series ${series}`);
    // 2: when the time range changes; else a sale that began later could not be chosen.
    if (variable.refresh !== 2) faults.push(`variable ${variable.name} keeps old values`);
  }
  const declared = new Set(variables.map((variable) => variable.name));
  const text = JSON.stringify(dashboard.panels);
  for (const [, name] of text.matchAll(/\$\{?(\w+)/g)) {
    if (name && !name.startsWith('__') && !declared.has(name)) faults.push(`undeclared variable ${name}`);
  }
  for (const name of declared) {
    if (!new RegExp(`\\$\\{?${name}\\b`).test(text)) faults.push(`variable ${name} is never used`);
  }
  return faults;
}

function panelFaults(panel: Panel): string[] {
  const faults: string[] = [];
  if (!panel.title || !panel.description) faults.push('no title or description');
  if (!panel.fieldConfig?.defaults?.unit) faults.push('no unit');
  if (panel.datasource?.uid !== sourceVariable) faults.push('data source is not the variable');
  const targets = panel.targets ?? [];
  if (targets.length === 0) faults.push('nothing to show');
  if (new Set(targets.map((target) => target.refId)).size !== targets.length) faults.push('refId used twice');
  for (const target of targets) faults.push(...targetFaults(target));
  return faults;
}

function targetFaults(target: Target): string[] {
  const faults: string[] = [];
  const { expr } = target;
  if (!target.legendFormat) faults.push(`no legend: ${expr}`);
  if (target.datasource?.uid !== sourceVariable) faults.push(`data source is not the variable: ${expr}`);
  for (const [, range] of withoutStrings(expr).matchAll(/\[([^\]]*)\]/g)) {
    if (range !== '$__rate_interval') faults.push(`range ${range} is not $__rate_interval: ${expr}`);
  }
  const series = seriesIn(expr);
  if (series.length === 0) faults.push(`reads no series: ${expr}`);
  for (const name of series) {
    if (!seriesNames.has(name)) faults.push(`unknown series ${name}: ${expr}`);
    const raw = new RegExp(`(?<!(?:rate|increase)\\()\\b${name}\\b`);
    if (growingSeries.has(name) && raw.test(expr)) faults.push(`${name} outside rate(): ${expr}`);
  }
  if (/histogram_quantile/.test(expr) && !/sum by \([^)]*\ble\b/.test(expr))
    faults.push(`quantile without le: ${expr}`);
  return faults;
}

function layoutFaults(panels: readonly Panel[]): string[] {
  const faults: string[] = [];
  if (new Set(panels.map((panel) => panel.id)).size !== panels.length) faults.push('panel id used twice');
  for (const [at, { gridPos: one, title }] of panels.entries()) {
    if (one.x + one.w > 24) faults.push(`${title} is wider than the page`);
    for (const { gridPos: two, title: other } of panels.slice(at + 1)) {
      const apart =
        one.x + one.w <= two.x || two.x + two.w <= one.x || one.y + one.h <= two.y || two.y + two.h <= one.y;
      if (!apart) faults.push(`${title} lies over ${other}`);
    }
  }
  return faults;
}
