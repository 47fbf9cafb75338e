import { escapeHtml } from '../../src/platform/escape-html.ts';
import { ERRORS } from '../driver/outcome.ts';
import type { OutcomeCounts } from '../driver/recorder.ts';
import { bothSizes } from './both-sizes.ts';
import type { RunResult } from './result.ts';
import { drawTimeChart, type TimeChart, type TimeSeries } from './time-chart.ts';

/** The sale second by second: what was offered, accepted and written, and what waited; an earlier run dashed. */
export function pictureSection(result: RunResult, earlier: RunResult | undefined): string {
  const { drive, samples, capOrdersPerSecond } = result;
  const drained = drainedOf(result);
  const waiting = waitingOf(result);
  const seconds = Math.max(
    ...[result, ...(earlier ? [earlier] : [])].flatMap((run) => [
      run.drive.seconds.length,
      drainedOf(run).length,
      waitingOf(run).length,
    ]),
  );
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
    ...(earlier ? earlierRates(earlier) : []),
  ];
  const { warmupSeconds } = drive;
  const legend = rates.map(
    ({ name, tone, dashed }) => `<li class="${tone}${dashed ? ' dashed' : ''}">${escapeHtml(name)}</li>`,
  );
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
      series: [
        { name: 'Waiting', tone: 'waiting', values: waiting, filled: true },
        ...(earlier
          ? [
              {
                name: 'Waiting, earlier run',
                tone: 'waiting' as const,
                values: waitingOf(earlier),
                dashed: true,
              },
            ]
          : []),
      ],
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

function drainedOf(result: RunResult): readonly (number | undefined)[] {
  return result.ledger?.settledPerSecond ?? bySecond(result, ({ drainedPerSecond }) => drainedPerSecond);
}

function waitingOf(result: RunResult): (number | undefined)[] {
  return bySecond(result, (sample) => sample.waiting);
}

function earlierRates(earlier: RunResult): TimeSeries[] {
  const accepted = earlier.drive.seconds.map(({ outcomes }) => outcomes.accepted);
  return [
    { name: 'Accepted, earlier run', tone: 'accepted', values: accepted, dashed: true },
    { name: 'Written, earlier run', tone: 'drained', values: drainedOf(earlier), dashed: true },
  ];
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
