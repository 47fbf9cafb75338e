import { alertRules, dashboardFiles, loadDashboard } from './dashboard-files.ts';
import { dataPanels } from './dashboard-rules.ts';
import { type ExposedMetric, nodeMetrics, ownMetrics, seriesOf } from './metric-names.ts';
import { seriesIn } from './promql.ts';

/** Series → the dashboards and alerts that read it. */
function readers(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const note = (expr: string, reader: string) => {
    for (const series of seriesIn(expr)) found.set(series, (found.get(series) ?? new Set()).add(reader));
  };
  for (const one of dashboardFiles.map(loadDashboard)) {
    const targets = dataPanels(one).flatMap((panel) => panel.targets ?? []);
    for (const { expr } of targets) note(expr, String(one.title));
    for (const { expr } of one.annotations.list) note(expr, 'marks in every dashboard');
  }
  for (const { alert, expr } of alertRules()) note(expr, `\`${alert}\``);
  return found;
}

/** A Markdown table as the formatter wants it: columns padded to their widest cell. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** The tables of docs/metrics.md. */
export function describeMetrics(): string {
  const read = readers();
  const readBy = (metric: ExposedMetric) =>
    [...new Set(seriesOf(metric).flatMap((series) => [...(read.get(series) ?? [])]))].toSorted().join(', ');
  const basics = ({ name, type, labels }: ExposedMetric) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(', '),
  ];
  const own = table(
    ['metric', 'type', 'labels', 'role', 'what it is', 'read by'],
    ownMetrics().map((one) => [...basics(one), one.roles.join(', '), one.help, readBy(one)]),
  );
  const node = table(
    ['metric', 'type', 'labels', 'what it is'],
    nodeMetrics().map((one) => [...basics(one), one.help]),
  );
  return `## Sluice\n\n${own}\n\n## Node, in every role\n\n${node}`;
}
