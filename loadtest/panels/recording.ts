import type { Annotation, Dashboard, Panel } from './dashboard.ts';
import { askRange, type RangeSeries, type Span } from './prometheus.ts';

/** One line of a panel: a value for each step, undefined where there is none. */
export interface Line {
  readonly name: string;
  readonly values: readonly (number | undefined)[];
}

export interface Mark {
  readonly atMs: number;
  readonly title: string;
  readonly color: string;
}

/** What a dashboard showed over a span of time. */
export interface Recording {
  readonly span: Span;
  /** By panel ID. */
  readonly panels: Readonly<Record<number, readonly Line[]>>;
  readonly marks: readonly Mark[];
}

/** Values chosen for template variables; of the others, all. */
export type Choice = Readonly<Record<string, string>>;

/** Asks Prometheus for everything a dashboard shows, as Grafana would. */
export async function recordDashboard(
  prometheusUrl: string,
  dashboard: Dashboard,
  span: Span,
  chosen: Choice,
): Promise<Recording> {
  const panels: Record<number, readonly Line[]> = {};
  for (const panel of dashboard.panels) {
    if (panel.type !== 'row') panels[panel.id] = await recordPanel(prometheusUrl, panel, span, chosen);
  }
  const marks: Mark[] = [];
  for (const annotation of dashboard.annotations.list) {
    const series = await askRange(prometheusUrl, filledIn(annotation.expr, span, chosen), span);
    marks.push(...series.flatMap((one) => marksOf(annotation, one, span)));
  }
  return { span, panels, marks };
}

async function recordPanel(prometheusUrl: string, panel: Panel, span: Span, chosen: Choice): Promise<Line[]> {
  const answers = await Promise.all(
    panel.targets.map(async ({ expr, legendFormat }) =>
      (await askRange(prometheusUrl, filledIn(expr, span, chosen), span)).map(({ labels, values }) => ({
        name: named(legendFormat, labels),
        values,
      })),
    ),
  );
  return answers.flat();
}

/** Seconds between scrapes of a private instance's processes, and of its RabbitMQ. */
const scrapeSeconds = 1;
const brokerScrapeSeconds = 5;

/** Variables as Grafana fills them in: all values, and four scrapes for a rate. */
function filledIn(expr: string, { stepSeconds }: Span, chosen: Choice): string {
  const scrape = expr.includes('rabbitmq_') ? brokerScrapeSeconds : scrapeSeconds;
  return expr
    .replaceAll('$__rate_interval', `${Math.max(stepSeconds + scrape, 4 * scrape)}s`)
    .replaceAll('$__interval', `${stepSeconds}s`)
    .replace(/"\$(\w+)"/g, (_all, name: string) => `"${chosen[name] ?? '.*'}"`);
}

function named(format: string, labels: Readonly<Record<string, string>>): string {
  return format.replace(/\{\{\s*(\w+)\s*\}\}/g, (_all, label: string) => labels[label] ?? '');
}

/** The moments an annotation's series stands for, within the span; neighbouring ones are one. */
function marksOf(annotation: Annotation, { labels, values }: RangeSeries, span: Span): Mark[] {
  const { startMs, endMs, stepSeconds } = span;
  const moments = values.flatMap((value, at) => {
    if (value === undefined) return [];
    if (annotation.useValueForTime) return [value];
    return value > 0 ? [startMs + at * stepSeconds * 1_000] : [];
  });
  const firsts = moments.filter((atMs, at) => at === 0 || atMs - moments[at - 1]! > stepSeconds * 1_000);
  return firsts
    .filter((atMs) => atMs >= startMs && atMs <= endMs)
    .map((atMs) => ({
      atMs,
      title: named(annotation.titleFormat, labels),
      color: annotation.iconColor,
    }));
}
