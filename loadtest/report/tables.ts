import { escapeHtml } from '../../src/platform/escape-html.ts';
import { OUTCOMES } from '../driver/outcome.ts';
import type { ThresholdResult } from '../verdict/threshold.ts';
import type { InstanceSample } from '../watch/sampler.ts';
import type { RunResult } from './result.ts';
import { formatNumber, formatValue } from './verdict-table.ts';

/** Each threshold with what was measured, failed ones first. */
export function thresholdTable(thresholds: readonly ThresholdResult[]): string {
  const rows = [...thresholds]
    .sort((one, other) => Number(one.passed) - Number(other.passed))
    .map(({ passed, name, value, unit, comparison, limit, note = '' }) => {
      const bound = limit === undefined ? '' : `${comparison} ${formatValue(limit, unit)}`;
      return `<tr><td>${mark(passed)}</td><th>${escapeHtml(name)}</th><td class="number">${escapeHtml(formatValue(value, unit))}</td><td class="number soft">${escapeHtml(bound)}</td><td class="soft note">${escapeHtml(note)}</td></tr>`;
    });
  return `<table class="thresholds"><thead><tr><th></th><th>What</th><th class="number">Measured</th><th class="number">Threshold</th><th></th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** How many requests ended how; classes that did not occur are left out. */
export function answersTable({ drive, copies }: RunResult): string {
  const { warmup, measured } = drive;
  const rows: [string, number, number][] = [
    ...(copies > 1 ? [['orders', warmup.orders, measured.orders] as [string, number, number]] : []),
    [copies > 1 ? `requests (each order sent ${copies} times)` : 'offered', warmup.offered, measured.offered],
    ...OUTCOMES.map((outcome): [string, number, number] => [
      outcome.replace('-', ' '),
      warmup.outcomes[outcome],
      measured.outcomes[outcome],
    ]),
    ['not sent: too many in flight', warmup.dropped, measured.dropped],
  ];
  const body = rows
    .filter(([, ...counts]) => counts.some((count) => count > 0))
    .map(([name, ...counts]) => `<tr><th>${escapeHtml(name)}</th>${counts.map(numberCell).join('')}</tr>`);
  return `<table><thead><tr><th></th><th class="number">Warm-up</th><th class="number">Load</th></tr></thead><tbody>${body.join('')}</tbody></table>`;
}

/** CPU and memory of each role and service, from samples of once a second. */
export function processTable(samples: readonly InstanceSample[]): string {
  const names = [...new Set(samples.flatMap(({ roles }) => Object.keys(roles)))];
  if (names.length === 0) return '<p class="soft">Not sampled.</p>';
  const body = names.map((name) => {
    const usages = samples.slice(1).flatMap(({ roles }) => roles[name] ?? []);
    const cores = usages.map((usage) => usage.cores);
    const mean = cores.reduce((sum, value) => sum + value, 0) / Math.max(1, cores.length);
    const memory = Math.max(0, ...usages.map(({ rssBytes }) => rssBytes)) / 2 ** 20;
    return `<tr><th>${escapeHtml(name)}</th><td class="number">${mean.toFixed(2)}</td><td class="number">${Math.max(0, ...cores).toFixed(2)}</td><td class="number">${formatNumber(Math.round(memory))}</td></tr>`;
  });
  return `<table><thead><tr><th></th><th class="number">Cores, mean</th><th class="number">most</th><th class="number">MiB, most</th></tr></thead><tbody>${body.join('')}</tbody></table>`;
}

/** Machine, options and method. */
export function environmentTable(result: RunResult): string {
  const { environment, settings, targets, model, drive, capOrdersPerSecond, startedHere } = result;
  const rows: [string, string][] = [
    [
      'Machine',
      `${environment.cpu}, ${environment.cores} cores, ${environment.memoryGiB} GiB, ${environment.kernel}, Node ${environment.node}`,
    ],
    ['Shared with', sharedWith(environment)],
    [
      'Model',
      model === 'open-loop'
        ? 'open loop: orders leave at their times, whatever the server does'
        : 'closed loop: each connection sends its next order on the answer to its last',
    ],
    [
      'Load',
      model === 'open-loop'
        ? `up to ${formatNumber(settings.rate)} orders/s for ${settings.seconds} s, after ${settings.warmupSeconds} s of warm-up`
        : `about ${settings.seconds} s, after a warm-up of ${formatNumber(drive.warmup.orders)} orders`,
    ],
    ['Stock', `${formatNumber(settings.stock)} pieces`],
    [
      'Cap',
      capOrdersPerSecond === undefined ? 'not reported' : `${formatNumber(capOrdersPerSecond)} orders/s`,
    ],
    ['Target', `${targets.join(', ')}${startedHere ? ' (started for this run)' : ''}`],
    [
      'Driver',
      `${drive.driverCores.toFixed(2)} cores; late by ${drive.lateness.p99Ms.toFixed(1)} ms at the 99th percentile`,
    ],
  ];
  return `<table>${rows.map(([name, value]) => `<tr><th class="soft">${name}</th><td>${escapeHtml(value)}</td></tr>`).join('')}</table>`;
}

function sharedWith({ loadAverage, cores }: RunResult['environment']): string {
  const self = 'the load test itself where the target is on this machine';
  if (loadAverage === undefined) return self;
  const others = loadAverage > cores / 2 ? 'other work, which slows the answers: ' : '';
  return `${self}; ${others}${loadAverage} processes wanted to run in the minute before`;
}

function mark(passed: boolean): string {
  return `<span class="mark ${passed ? 'passed' : 'failed'}">${passed ? 'ok' : 'failed'}</span>`;
}

function numberCell(value: number): string {
  return `<td class="number">${formatNumber(value)}</td>`;
}
