import { ERRORS } from '../driver/outcome.ts';
import { sumOutcomes } from '../driver/recorder.ts';
import { auditFaults } from './audit-section.ts';
import { drainedAfterSeconds } from './headline.ts';
import type { RunResult } from './result.ts';
import { formatNumber, formatValue } from './verdict-table.ts';

/** What a run showed, for somebody who has never seen a percentile. */
export interface PlainWords {
  readonly headline: string;
  readonly sentences: readonly string[];
}

export function plainWords(result: RunResult): PlainWords {
  return {
    headline: headlineOf(result),
    sentences: [crowd(result), answers(result), losers(result), database(result), audited(result)].filter(
      (sentence) => sentence !== '',
    ),
  };
}

function headlineOf({ passed, thresholds }: RunResult): string {
  const missed = thresholds.filter((threshold) => !threshold.passed);
  if (passed) return 'It held: everyone was answered in time, and nothing was lost, doubled or oversold.';
  const names = missed.map(({ name, value, unit, comparison, limit }) => {
    const wanted = limit === undefined ? '' : ` (wanted: ${comparison} ${formatValue(limit, unit)})`;
    return `${name.charAt(0).toLowerCase()}${name.slice(1)} ${formatValue(value, unit)}${wanted}`;
  });
  const more = names.length > 1 ? `, and ${names.length - 1} more` : '';
  return `It did not hold: ${names[0] ?? 'see below'}${more}.`;
}

function crowd({ drive }: RunResult): string {
  const orders = drive.warmup.offered + drive.measured.offered;
  const peak = Math.max(0, ...drive.seconds.map(({ offered }) => offered));
  return `The crowd sent ${formatNumber(orders)} orders, ${formatNumber(peak)} of them in the busiest second.`;
}

function answers({ drive }: RunResult): string {
  const outcomes = sumOutcomes(drive.warmup.outcomes, drive.measured.outcomes);
  const dropped = drive.warmup.dropped + drive.measured.dropped;
  const errors = ERRORS.reduce((sum, outcome) => sum + outcomes[outcome], 0);
  const { all } = drive.latency;
  if (all.count === 0) return 'None of them was answered.';
  const speed = `99 of 100 within ${formatNumber(all.p99Ms)} ms, the slowest after ${formatNumber(all.maxMs)} ms`;
  const who =
    errors === 0
      ? 'Every one was answered'
      : `${formatNumber(errors)} ended in an error; the others were answered`;
  const lost = dropped === 0 ? '' : ` ${formatNumber(dropped)} could not even be sent.`;
  return `${who}: ${speed}.${lost}`;
}

function losers({ drive, settings, ledger }: RunResult): string {
  const soldOut = drive.measured.outcomes['sold-out'] + drive.measured.outcomes['refused-limit'];
  if (soldOut === 0) return '';
  const { refused } = drive.latency;
  const sold =
    ledger === undefined
      ? ''
      : `${formatNumber(ledger.confirmedPieces)} of ${formatNumber(settings.stock)} pieces were sold. `;
  return `${sold}${formatNumber(soldOut)} orders came too late or over the limit and were told so, 99 of 100 within ${formatNumber(refused.p99Ms)} ms.`;
}

function database(result: RunResult): string {
  const { audit, capOrdersPerSecond: cap, samples } = result;
  if (cap === undefined) return '';
  const busiest = audit.busiestSecondOrders;
  const wrote = busiest === undefined ? '' : `, and wrote ${formatNumber(busiest)} in its busiest second`;
  const mostWaiting = Math.max(0, ...samples.map(({ waiting = 0 }) => waiting));
  const after = drainedAfterSeconds(result);
  const backlog =
    mostWaiting === 0 || after === undefined
      ? ''
      : ` ${formatNumber(mostWaiting)} orders waited at the most; the last was written ${formatNumber(after)} s after the crowd had left.`;
  return `The database was promised no more than ${formatNumber(cap)} orders a second${wrote}.${backlog}`;
}

function audited({ audit }: RunResult): string {
  if (audit.report === undefined) return 'There was no audit afterwards.';
  return audit.clean
    ? 'The audit compared every answer with stock, queue and ledger afterwards, and found every promise kept.'
    : `The audit afterwards objects: ${auditFaults(audit).join('; ') || 'see below'}.`;
}
