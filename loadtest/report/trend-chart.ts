import { escapeHtml } from '../../src/platform/escape-html.ts';
import type { HoldingTrend } from '../verdict/flatness.ts';
import { linear, shortNumber } from './scale.ts';
import type { ChartSize } from './time-chart.ts';

const MARGIN = { top: 10, right: 8, bottom: 18, left: 46 };

/**
 * A holding over the run with the line fitted to it. The vertical axis shows a tenth of the level up and down at the
 * least, so that noise is not blown up, and growth is not hidden.
 */
export function drawTrendChart({ process, kind, points, trend }: HoldingTrend, size: ChartSize): string {
  const { width, height } = size;
  const values = points.map(({ value }) => value);
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  const room = Math.max((lowest + highest) / 20, 1);
  const low = Math.max(0, lowest - room);
  const high = highest + room;
  const x = linear(0, Math.max(1, points.at(-1)?.second ?? 1), MARGIN.left, width - MARGIN.right);
  const y = linear(low, high, height - MARGIN.bottom, MARGIN.top);
  const ticks = [low, high].map(
    (tick) =>
      `<line class="grid" x1="${MARGIN.left}" x2="${width - MARGIN.right}" y1="${px(y(tick))}" y2="${px(y(tick))}"/>` +
      `<text class="tick" x="${MARGIN.left - 6}" y="${px(y(tick) + 4)}" text-anchor="end">${shortNumber(Math.round(tick))}</text>`,
  );
  const path = points.map(({ second, value }) => `${px(x(second))} ${px(y(value))}`).join('L');
  const line = trend
    ? `<rect class="warmup" x="${MARGIN.left}" y="${MARGIN.top}" width="${px(x(trend.fromSecond) - MARGIN.left)}" height="${height - MARGIN.top - MARGIN.bottom}"/>` +
      `<path class="line waiting" d="M${path}"/>` +
      `<line class="fit" x1="${px(x(trend.fromSecond))}" x2="${px(x(trend.toSecond))}" y1="${px(y(trend.start))}" y2="${px(y(trend.start + trend.perSecond * (trend.toSecond - trend.fromSecond)))}"/>`
    : `<path class="line waiting" d="M${path}"/>`;
  const end = Math.round(points.at(-1)?.second ?? 0);
  const seconds = `<text class="tick" x="${width - MARGIN.right}" y="${height - 4}" text-anchor="end">${end} s</text>`;
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeHtml(`${kind} of ${process} over the run`)}">${ticks.join('')}${line}${seconds}</svg>`;
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
