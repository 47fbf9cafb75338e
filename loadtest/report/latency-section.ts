import { bothSizes } from './both-sizes.ts';
import { drawLatencyChart, type LatencyCurve } from './latency-chart.ts';
import type { RunResult } from './result.ts';

function curvesOf({ drive }: RunResult): LatencyCurve[] {
  return [
    { name: 'Accepted', tone: 'accepted' as const, summary: drive.latency.accepted },
    { name: 'Sold out or refused', tone: 'refused' as const, summary: drive.latency.refused },
  ].filter(({ summary }) => summary.count > 0);
}

/** Percentiles of the time to the answer, as curves and as a table; an earlier run dashed. */
export function latencySection(result: RunResult, earlier: RunResult | undefined): string {
  const own = curvesOf(result);
  if (own.length === 0) return '';
  const then = earlier ? curvesOf(earlier) : [];
  const curves = [
    ...own,
    ...then.map((curve) => ({ ...curve, name: `${curve.name}, earlier run`, dashed: true })),
  ];
  const ms = (value: number) =>
    `<td class="number">${value.toLocaleString('en', { maximumFractionDigits: 1 })}</td>`;
  const row = (name: string, summary: RunResult['drive']['lateness']) =>
    `<tr><th>${name}</th>${[summary.p50Ms, summary.p90Ms, summary.p99Ms, summary.p999Ms, summary.maxMs].map(ms).join('')}</tr>`;
  const legend = curves.map(
    ({ name, tone, dashed }) => `<li class="${tone}${dashed ? ' dashed' : ''}">${name}</li>`,
  );
  return `<section><h2>How long shoppers waited for their answer</h2>
<p class="soft">From the moment each order was due, after the warm-up. Each further nine has the same room.</p>
<ul class="legend">${legend.join('')}</ul>
${bothSizes((size) => drawLatencyChart(curves, size), 260)}
<div class="scroll"><table><thead><tr><th>ms</th>${['50 %', '90 %', '99 %', '99.9 %', 'slowest'].map((name) => `<th class="number">${name}</th>`).join('')}</tr></thead>
<tbody>${curves.map(({ name, summary }) => row(name, summary)).join('')}${row('the driver, late by', result.drive.lateness)}</tbody></table></div></section>`;
}
