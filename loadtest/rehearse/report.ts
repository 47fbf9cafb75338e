import { readFile } from 'node:fs/promises';
import { escapeHtml } from '../../src/platform/escape-html.ts';
import { bothSizes } from '../report/both-sizes.ts';
import { drawTimeChart, type TimeBand, type TimeChart, type TimeSeries } from '../report/time-chart.ts';
import type { ActResult, FaultRow, RehearsalResult } from './result.ts';
import { formatRefusals, memoryRows, percent, seconds } from './table.ts';

const STYLE = new URL('../report/report.css', import.meta.url);
/** Drawn between two acts, where nothing was sent. */
const gapSeconds = 1;

/** The report as one HTML page that needs nothing else: no script, no font, no image from anywhere. */
export async function renderRehearsal(result: RehearsalResult): Promise<string> {
  const style = await readFile(STYLE, 'utf8');
  const verdict = result.go ? 'GO' : 'NO-GO';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rehearsal: ${verdict}</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<span class="verdict ${result.go ? 'passed' : 'failed'}">${verdict}</span>
<h1>Dress rehearsal with seed ${result.seed}</h1>
<p class="soft">${escapeHtml(summary(result))}</p>
</header>
${figures(result)}
${reasons(result)}
${picture(result.acts)}
<section><h2>Faults</h2>
<p class="soft">Time to recover: from the end of a fault until every gateway answers new orders 202, one of them has its row, and every role runs.${result.boundsJudged ? '' : ' Bounds were not judged.'}</p>
<div class="scroll">${faultTable(result.table)}</div></section>
<section><h2>Orders that could not be taken</h2>${answers(result)}</section>
<section><h2>Memory</h2><div class="scroll">${memoryTable(result)}</div></section>
<section><h2>Strike by strike</h2><div class="scroll">${strikeTable(result.acts)}</div></section>
<section><h2>Acts</h2><div class="scroll">${actTable(result.acts)}</div></section>
<footer>The same seed and options strike with the same faults, in the same order, at the same orders: sluice rehearse --seed ${result.seed} --faults ${escapeHtml(result.faults.join(','))}</footer>
</main>
</body>
</html>
`;
}

function summary(result: RehearsalResult): string {
  const { gateways, drainers, ordersPerSecond, privateServices, startedAt, environment } = result;
  const services = privateServices ? 'private services' : 'given services';
  return `${startedAt.slice(0, 16).replace('T', ' ')} UTC, ${gateways} gateways and ${drainers} drainers on ${services}, ${ordersPerSecond} orders/s, ${environment.cores} cores shared with the load.`;
}

function figures({ acts, table, seconds: took }: RehearsalResult): string {
  const strikes = acts.flatMap((act) => act.strikes);
  const violations = table.reduce((sum, row) => sum + row.violations, 0);
  const orders = acts.reduce((sum, act) => sum + act.orders, 0);
  const accepted = acts.reduce((sum, act) => sum + act.outcomes.accepted, 0);
  const times = strikes.map(({ recovery }) => recovery.allMs);
  const worst = times.includes(null) ? null : Math.max(0, ...times.map((ms) => ms ?? 0));
  const cells: [string, string, string][] = [
    ['Strikes', count(strikes.length), `${table.filter((row) => row.strikes > 0).length} faults`],
    ['With a violation', count(violations), bound(strikes.length, violations)],
    ['Slowest recovery', seconds(worst), 'after the end of a fault'],
    ['Orders', count(orders), 'of different shoppers'],
    ['Accepted', count(accepted), 'requests answered 202'],
    ['Took', `${count(Math.round(took / 60))} min`, acts.length === 1 ? '1 audit' : `${acts.length} audits`],
  ];
  return `<dl class="figures">${cells
    .map(
      ([label, value, detail]) =>
        `<div><dt>${label}</dt><dd>${escapeHtml(value)}<small>${escapeHtml(detail)}</small></dd></div>`,
    )
    .join('')}</dl>`;
}

function bound(strikes: number, violations: number): string {
  return violations === 0 && strikes > 3 ? `below ${percent(3 / strikes)} with 95 % confidence` : 'of them';
}

function reasons({ reasons: all }: RehearsalResult): string {
  if (all.length === 0) return '';
  return `<section><h2>Why not</h2><ul>${all.map((reason) => `<li>${escapeHtml(reason)}</li>`).join('')}</ul></section>`;
}

/** The acts one after the other, with what lies between them cut out. */
function picture(acts: readonly ActResult[]): string {
  const lengths = acts.map(lengthOf);
  const starts = lengths.map((_, at) =>
    lengths.slice(0, at).reduce((sum, each) => sum + each + gapSeconds, 0),
  );
  const total = Math.max(1, (starts.at(-1) ?? 0) + (lengths.at(-1) ?? 0));
  const joined = (of: (act: ActResult) => readonly (number | null)[]) => {
    const values: (number | undefined)[] = Array.from({ length: total }, () => undefined);
    for (const [at, act] of acts.entries()) {
      for (const [second, value] of of(act).entries()) values[starts[at]! + second] = value ?? undefined;
    }
    return values;
  };
  const bands: TimeBand[] = acts.flatMap((act, at) =>
    act.strikes.map(({ number, fault, startSecond, endSecond, recovery }) => ({
      fromSecond: starts[at]! + startSecond,
      toSecond: starts[at]! + endSecond + (recovery.allMs ?? 0) / 1_000,
      mark: String(number),
      label: `strike ${number}: ${fault}`,
    })),
  );
  const rates: TimeSeries[] = [
    {
      name: 'Written to the database',
      tone: 'drained',
      values: joined(({ timeline }) => timeline.drained),
      filled: true,
    },
    { name: 'Accepted', tone: 'accepted', values: joined(({ timeline }) => timeline.accepted) },
    { name: 'Turned away for now', tone: 'errors', values: joined(({ timeline }) => timeline.turnedAway) },
  ];
  const waiting: TimeSeries = {
    name: 'Waiting',
    tone: 'waiting',
    values: joined(({ timeline }) => timeline.waiting),
    filled: true,
  };
  const chart = (title: string, unit: string, series: readonly TimeSeries[]): TimeChart => ({
    title,
    unit,
    seconds: total,
    warmupSeconds: 0,
    series,
    bands,
  });
  return `<section><h2>Orders under fire, second by second</h2>
<p class="soft">Each band is a strike, from its beginning until everything works again; its number is that of the list below.</p>
<ul class="legend">${rates.map(({ name, tone }) => `<li class="${tone}">${name}</li>`).join('')}</ul>
${bothSizes((size) => drawTimeChart(chart('Orders per second', 'orders/s', rates), size), 300)}
<p class="panel">Orders accepted and waiting for the database</p>
${bothSizes((size) => drawTimeChart({ ...chart('Orders waiting', 'orders', [waiting]), markHighest: true }, size), 170)}</section>`;
}

function lengthOf({ timeline, strikes }: ActResult): number {
  return Math.max(
    timeline.accepted.length,
    timeline.drained.length,
    timeline.waiting.length,
    ...strikes.map(({ endSecond, recovery }) => Math.ceil(endSecond + (recovery.allMs ?? 0) / 1_000)),
  );
}

function faultTable(rows: readonly FaultRow[]): string {
  const body = rows.map(
    ({ fault, strikes, violations, medianMs, worstMs, boundMs, late, atMost }) =>
      `<tr><th>${escapeHtml(fault)}</th>${numbers([
        count(strikes),
        count(violations),
        strikes === 0 ? '–' : seconds(medianMs),
        strikes === 0 ? '–' : seconds(worstMs),
        seconds(boundMs),
        count(late),
        atMost === null || atMost === 1 ? '–' : `< ${percent(atMost)}`,
      ])}</tr>`,
  );
  return table(['Fault', 'Rounds', 'Violations', 'Median', 'Worst', 'Bound', 'Late', '3/N'], body);
}

function answers({ acts }: RehearsalResult): string {
  const lines = formatRefusals(acts.flatMap((act) => act.strikes));
  return lines.map((line) => `<p>${escapeHtml(line.trim())}</p>`).join('');
}

function memoryTable({ acts }: RehearsalResult): string {
  const body = memoryRows(acts).map(
    ({ label, before, during, after }) =>
      `<tr><th>${escapeHtml(label)}</th>${numbers([before, during, after])}</tr>`,
  );
  return table(['MiB resident', 'Before', 'Most under fire', 'After'], body);
}

function strikeTable(acts: readonly ActResult[]): string {
  const body = acts.flatMap((act) =>
    act.strikes.map(
      (strike) =>
        `<tr><td class="number">${strike.number}</td><td>${escapeHtml(strike.fault)}</td><td class="number">${count(strike.atOrder)}</td><td>${escapeHtml([strike.did, ...strike.violations].join('; '))}</td>${numbers(
          [
            seconds(strike.recovery.intakeMs),
            seconds(strike.recovery.drainMs),
            seconds(strike.recovery.allMs),
          ],
        )}</tr>`,
    ),
  );
  return `<table class="thresholds"><thead><tr><th></th><th>Fault</th><th class="number">At order</th><th>What was done</th><th class="number">202 after</th><th class="number">Written after</th><th class="number">All after</th></tr></thead><tbody>${body.join('')}</tbody></table>`;
}

function actTable(acts: readonly ActResult[]): string {
  const body = acts.map(
    ({ number, orders, outcomes, checks, quietMs, violations, warnings }) =>
      `<tr><th>${number}</th>${numbers([count(orders), count(outcomes.accepted), seconds(quietMs), count(checks)])}<td class="note">${escapeHtml([...violations, ...warnings].join('; ') || 'no violation')}</td></tr>`,
  );
  return `<table><thead><tr><th>Act</th><th class="number">Orders</th><th class="number">Accepted</th><th class="number">Quiet after</th><th class="number">Checks that hold</th><th>Audit</th></tr></thead><tbody>${body.join('')}</tbody></table>`;
}

function table([first, ...others]: readonly string[], body: readonly string[]): string {
  const head = others.map((name) => `<th class="number">${name}</th>`).join('');
  return `<table><thead><tr><th>${first}</th>${head}</tr></thead><tbody>${body.join('')}</tbody></table>`;
}

function numbers(values: readonly string[]): string {
  return values.map((value) => `<td class="number">${escapeHtml(value)}</td>`).join('');
}

function count(value: number): string {
  return value.toLocaleString('en');
}
