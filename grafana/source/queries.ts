import type { Query } from './panels.ts';

/** Orders or messages per second of a counter, summed; `by` keeps labels apart. */
export function perSecond(selector: string, by?: string): string {
  return `sum${by ? ` by (${by}) ` : ''}(rate(${selector}[$__rate_interval]))`;
}

/** A percentile of a histogram over all processes; `name` without `_bucket`. */
export function percentile(share: number, name: string, matchers = ''): string {
  return `histogram_quantile(${share}, ${perSecond(`${name}_bucket${matchers}`, 'le')})`;
}

/** The lines p50, p90 and p99 of a histogram. */
export function percentiles(name: string, matchers = ''): Query[] {
  return [0.5, 0.9, 0.99].map((share) => ({
    expr: percentile(share, name, matchers),
    legend: `p${share * 100}`,
  }));
}

/** Mean of what a histogram observed. */
export function mean(name: string, matchers = ''): string {
  return `${perSecond(`${name}_sum${matchers}`)} / ${perSecond(`${name}_count${matchers}`)}`;
}

/** The colours of percentiles, the same everywhere. */
export const percentileStyles = {
  p50: { color: 'green' },
  p90: { color: 'yellow' },
  p99: { color: 'red' },
} as const;
