import { escapeHtml } from '../../src/platform/escape-html.ts';
import { type HoldingTrend, holdings, holdingTrends } from '../verdict/flatness.ts';
import type { RunResult } from './result.ts';
import { drawTrendChart } from './trend-chart.ts';

/** A run this short says nothing about what grows. */
const leastSeconds = 100;

/** Memory, descriptors and connections of each process over the run, each with its slope and how sure that is. */
export function holdingsSection({ processes }: RunResult): string {
  const watched = processes.filter(
    ({ points }) => (points.at(-1)?.second ?? 0) - (points[0]?.second ?? 0) >= leastSeconds,
  );
  if (watched.length === 0) return '';
  const trends = holdingTrends(watched);
  const rows = watched.map(({ name, pid }) => {
    const cells = holdings.map(({ kind, unit }) => {
      const found = trends.find((each) => each.process === name && each.kind === kind);
      return `<td>${found && found.points.length > 0 ? cell(found, unit) : '<span class="soft">not readable</span>'}</td>`;
    });
    return `<tr><th>${escapeHtml(name)}<small class="soft">pid ${pid}</small></th>${cells.join('')}</tr>`;
  });
  return `<section><h2>What the processes hold over time</h2>
<p class="soft">The shaded third settles and is left out. The line is fitted to the rest; its slope is given with the interval that holds the true one with 99.9 % confidence. A server’s memory grows with what it stores and is shown, not judged.</p>
<div class="scroll"><table class="holdings"><thead><tr><th></th>${holdings.map(({ title, unit }) => `<th>${title}${unit ? `, ${unit}` : ''}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div></section>`;
}

function cell(found: HoldingTrend, unit: string): string {
  return `${drawTrendChart(found, { width: 290, height: 92 })}<p class="slope">${slopeText(found, unit)} ${verdict(found)}</p>`;
}

function slopeText({ trend }: HoldingTrend, unit: string): string {
  if (!trend) return '<span class="soft">too short for a line</span>';
  // A slope is told for a time that the run can speak of.
  const [span, name] = trend.toSecond - trend.fromSecond >= 600 ? [3_600, 'an hour'] : [60, 'a minute'];
  const per = (perSecond: number) => (perSecond * span).toLocaleString('en', { maximumFractionDigits: 1 });
  const sign = trend.perSecond > 0 ? '+' : '';
  return `${sign}${per(trend.perSecond)} ± ${per(trend.noisePerSecond)}${unit ? ` ${unit}` : ''} ${name}`;
}

function verdict({ trend, judged, grows }: HoldingTrend): string {
  if (!trend) return '';
  if (!grows) return '<span class="mark passed">no growth</span>';
  return judged ? '<span class="mark failed">grows</span>' : '<span class="soft">grows</span>';
}
