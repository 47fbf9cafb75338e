import { readFile } from 'node:fs/promises';
import { ERRORS } from '../driver/outcome.ts';
import type { OutcomeCounts } from '../driver/recorder.ts';
import { bothSizes } from './both-sizes.ts';
import { keyFigures } from './headline.ts';
import { drawLatencyChart, type LatencyCurve } from './latency-chart.ts';
import type { RunResult } from './result.ts';
import { escapeHtml } from './scale.ts';
import { answersTable, auditBlock, environmentTable, processTable, thresholdTable } from './tables.ts';
import { drawTimeChart, type TimeChart, type TimeSeries } from './time-chart.ts';

const STYLE = new URL('report.css', import.meta.url);

/** The report as one HTML page that needs nothing else: no script, no font, no image from anywhere. */
export async function renderReport(result: RunResult): Promise<string> {
  const style = await readFile(STYLE, 'utf8');
  const failures = result.thresholds.filter(({ passed }) => !passed).length;
  const verdict = result.passed ? 'Passed' : `Failed: ${failures} of ${result.thresholds.length} thresholds`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(result.scenario)}: ${escapeHtml(verdict)}</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<span class="verdict ${result.passed ? 'passed' : 'failed'}">${escapeHtml(verdict)}</span>
<h1>Load test: ${escapeHtml(result.scenario)}</h1>
<p class="soft">${escapeHtml(result.summary)} ${escapeHtml(when(result))}</p>
</header>
${figures(result)}
${picture(result)}
<section><h2>Thresholds</h2>${thresholdTable(result.thresholds)}</section>
${latencies(result)}
<div class="pair">
<section><h2>Answers</h2>${answersTable(result)}</section>
<section><h2>Processes</h2>${processTable(result.samples)}</section>
</div>
<section><h2>Audit</h2>${auditBlock(result.audit)}</section>
<section><h2>How it was measured</h2>${environmentTable(result)}</section>
<footer>Sale ${escapeHtml(result.saleId)}. The JSON file beside this report holds every series and option.</footer>
</main>
</body>
</html>
`;
}

function when({ drive }: RunResult): string {
  return `${drive.startedAt.slice(0, 16).replace('T', ' ')} UTC.`;
}

function figures(result: RunResult): string {
  const cells = keyFigures(result).map(
    ({ label, value, detail }) =>
      `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}<small>${escapeHtml(detail)}</small></dd></div>`,
  );
  return `<dl class="figures">${cells.join('')}</dl>`;
}

function picture(result: RunResult): string {
  const { drive, ledger, samples, capOrdersPerSecond } = result;
  const drained = ledger?.settledPerSecond ?? bySecond(result, ({ drainedPerSecond }) => drainedPerSecond);
  const waiting = bySecond(result, (sample) => sample.waiting);
  const seconds = Math.max(drive.seconds.length, drained.length, waiting.length);
  const perSecond = (of: (outcomes: OutcomeCounts) => number) =>
    drive.seconds.map(({ outcomes }) => of(outcomes));
  const refused = perSecond((outcomes) => outcomes['sold-out'] + outcomes['refused-limit']);
  const errors = perSecond((outcomes) => ERRORS.reduce((sum, outcome) => sum + outcomes[outcome], 0));
  const rates: TimeSeries[] = [
    { name: 'Offered', tone: 'offered', values: drive.seconds.map(({ offered }) => offered), filled: true },
    ...shownIfAny({ name: 'Sold out or refused', tone: 'refused', values: refused }),
    ...shownIfAny({ name: 'Errors', tone: 'errors', values: errors }),
    { name: 'Accepted', tone: 'accepted', values: perSecond(({ accepted }) => accepted) },
    { name: 'Written to the database', tone: 'drained', values: drained, filled: true },
  ];
  const { warmupSeconds } = drive;
  const legend = rates.map(({ name, tone }) => `<li class="${tone}">${escapeHtml(name)}</li>`);
  const cap = capOrdersPerSecond;
  const charts: TimeChart[] = [
    {
      title: 'Orders per second over the run',
      unit: 'orders/s',
      seconds,
      warmupSeconds,
      series: rates,
      ...(cap === undefined ? {} : { line: { value: cap, label: `cap ${cap.toLocaleString('en')}/s` } }),
    },
    {
      title: 'Orders waiting over the run',
      unit: 'orders',
      seconds,
      warmupSeconds,
      series: [{ name: 'Waiting', tone: 'waiting', values: waiting, filled: true }],
      markHighest: true,
    },
  ];
  const [rateChart, waitingChart] = charts as [TimeChart, TimeChart];
  return `<section><h2>The sale, second by second</h2>
<ul class="legend">${legend.join('')}${cap === undefined ? '' : '<li class="cap">Cap</li>'}</ul>
${bothSizes((size) => drawTimeChart(rateChart, size), 300)}
<p class="panel">Orders accepted and waiting for the database${samples.length === 0 ? ' (not sampled)' : ''}</p>
${bothSizes((size) => drawTimeChart(waitingChart, size), 170)}</section>`;
}

function latencies({ drive }: RunResult): string {
  const curves: LatencyCurve[] = [
    { name: 'Accepted', tone: 'accepted' as const, summary: drive.latency.accepted },
    { name: 'Sold out or refused', tone: 'refused' as const, summary: drive.latency.refused },
  ].filter(({ summary }) => summary.count > 0);
  if (curves.length === 0) return '';
  const ms = (value: number) =>
    `<td class="number">${value.toLocaleString('en', { maximumFractionDigits: 1 })}</td>`;
  const row = (name: string, summary: typeof drive.lateness) =>
    `<tr><th>${name}</th>${[summary.p50Ms, summary.p90Ms, summary.p99Ms, summary.p999Ms, summary.maxMs].map(ms).join('')}</tr>`;
  const legend = curves.map(({ name, tone }) => `<li class="${tone}">${name}</li>`);
  return `<section><h2>How long shoppers waited for their answer</h2>
<p class="soft">From the moment each order was due, after the warm-up. Each further nine has the same room.</p>
<ul class="legend">${legend.join('')}</ul>
${bothSizes((size) => drawLatencyChart(curves, size), 260)}
<div class="scroll"><table><thead><tr><th>ms</th>${['50 %', '90 %', '99 %', '99.9 %', 'slowest'].map((name) => `<th class="number">${name}</th>`).join('')}</tr></thead>
<tbody>${curves.map(({ name, summary }) => row(name, summary)).join('')}${row('the driver, late by', drive.lateness)}</tbody></table></div></section>`;
}

function shownIfAny(series: TimeSeries): TimeSeries[] {
  return series.values.some((value) => (value ?? 0) > 0) ? [series] : [];
}

function bySecond(
  { samples }: RunResult,
  of: (sample: RunResult['samples'][number]) => number | undefined,
): (number | undefined)[] {
  const length = Math.floor(samples.at(-1)?.second ?? -1) + 1;
  const values: (number | undefined)[] = Array.from({ length }, () => undefined);
  for (const sample of samples) values[Math.floor(sample.second)] = of(sample);
  // Samples drift a little against the seconds; one that was skipped is not a gap.
  return values.map((value, second) => value ?? values[second - 1]);
}
