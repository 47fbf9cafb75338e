import { escapeHtml } from '../../src/platform/escape-html.ts';
import type { LatencySummary } from '../driver/latency.ts';
import { linear } from './scale.ts';
import type { ChartSize, TimeSeries } from './time-chart.ts';

export interface LatencyCurve {
  readonly name: string;
  readonly tone: TimeSeries['tone'];
  readonly summary: LatencySummary;
  /** Of an earlier run. */
  readonly dashed?: boolean;
}

const MARGIN = { top: 22, right: 20, bottom: 26, left: 50 };

/**
 * Latency by percentile. The horizontal axis gives each further nine (90, 99, 99.9 %) the same room, so that
 * the slowest orders are as wide as the others; both axes are logarithmic.
 */
export function drawLatencyChart(curves: readonly LatencyCurve[], { width, height }: ChartSize): string {
  const drawn = curves.filter(({ summary }) => summary.count > 0);
  const most = Math.max(100, ...drawn.map(({ summary }) => summary.count));
  const nines = Math.max(2, Math.log10(most));
  const values = drawn.flatMap(({ summary }) => summary.curve.map(({ ms }) => Math.max(0.01, ms)));
  const lowest = Math.floor(Math.log10(Math.min(1, ...values)));
  const highest = Math.ceil(Math.log10(Math.max(10, ...values)));
  const x = linear(0, nines, MARGIN.left, width - MARGIN.right);
  const y = linear(lowest, highest, height - MARGIN.bottom, MARGIN.top);
  const nineOf = (percentile: number) => (percentile >= 100 ? nines : -Math.log10(1 - percentile / 100));
  const bottom = height - MARGIN.bottom;
  const decades = Array.from({ length: highest - lowest + 1 }, (_, index) => lowest + index);
  const percentiles = [0, 50, 90, 99, 99.9, 99.99, 99.999].filter(
    (percentile) => nineOf(percentile) <= nines && (width > 600 || percentile !== 50),
  );
  const parts = [
    ...decades.map(
      (decade) =>
        `<line class="grid" x1="${MARGIN.left}" x2="${width - MARGIN.right}" y1="${px(y(decade))}" y2="${px(y(decade))}"/>` +
        `<text class="tick" x="${MARGIN.left - 7}" y="${px(y(decade) + 4)}" text-anchor="end">${msLabel(10 ** decade)}</text>`,
    ),
    ...percentiles.map(
      (percentile) =>
        `<line class="grid" x1="${px(x(nineOf(percentile)))}" x2="${px(x(nineOf(percentile)))}" y1="${MARGIN.top}" y2="${bottom}"/>` +
        `<text class="tick" x="${px(x(nineOf(percentile)))}" y="${height - 8}" text-anchor="middle">${percentile} %</text>`,
    ),
    `<text class="tick" x="2" y="11">time to the answer</text>`,
    ...drawn.map(({ tone, summary, dashed }) => {
      const points = summary.curve.map(
        ({ percentile, ms }) =>
          `${px(x(Math.min(nines, nineOf(percentile))))} ${px(y(Math.log10(Math.max(0.01, ms))))}`,
      );
      return `<path class="line ${tone}${dashed ? ' dashed' : ''}" d="M${points.join('L')}"/>`;
    }),
  ];
  const title = drawn
    .map(({ name, summary }) => `${name}: 99 % within ${summary.p99Ms.toFixed(1)} ms`)
    .join('; ');
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeHtml(title)}">${parts.join('')}</svg>`;
}

function msLabel(ms: number): string {
  return ms >= 1_000 ? `${ms / 1_000} s` : `${ms} ms`;
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
