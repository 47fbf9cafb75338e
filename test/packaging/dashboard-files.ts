import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { projectFolder } from './compose-file.ts';
import { type Dashboard, dataPanels } from './dashboard-rules.ts';

const folder = join(projectFolder, 'grafana/dashboards');

/** Names of the committed dashboards' files. */
export const dashboardFiles: readonly string[] = readdirSync(folder);

export const loadDashboard = (file: string): Dashboard =>
  JSON.parse(readFileSync(join(folder, file), 'utf8'));

/** An expression, and who asks it. */
export interface Asked {
  readonly expr: string;
  readonly where: string;
}

/** Every expression of every panel and annotation. */
export function dashboardExpressions(): Asked[] {
  return dashboardFiles
    .map(loadDashboard)
    .flatMap((one) => [
      ...dataPanels(one).flatMap((panel) =>
        (panel.targets ?? []).map(({ expr }) => ({ expr, where: `${one.title} / ${panel.title}` })),
      ),
      ...one.annotations.list.map(({ expr, name }) => ({ expr, where: `${one.title} / ${name}` })),
    ]);
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export const rulesFile = join(projectFolder, 'grafana/prometheus/rules.yml');

export const alertRules = (): AlertRule[] =>
  parse(readFileSync(rulesFile, 'utf8')).groups.flatMap((group: { rules: AlertRule[] }) => group.rules);
