import { ERRORS, OUTCOMES } from '../driver/outcome.ts';
import { sumOutcomes } from '../driver/recorder.ts';
import type { RunResult } from './result.ts';
import { formatNumber } from './verdict-table.ts';

/** One figure at the top of the report. */
export interface KeyFigure {
  readonly label: string;
  readonly value: string;
  readonly detail: string;
}

/** Seconds from the last offered order to the last one settled; undefined where the ledger was not read. */
export function drainedAfterSeconds({ ledger, drive }: RunResult): number | undefined {
  if (ledger === undefined || ledger.settledPerSecond.length === 0) return undefined;
  const lastOffered = drive.seconds.findLastIndex(({ offered }) => offered > 0);
  return Math.max(0, ledger.settledPerSecond.length - 1 - lastOffered);
}

/** The run in five figures, warm-up included in the counts and left out of the latencies. */
export function keyFigures(result: RunResult): KeyFigure[] {
  const { drive, capOrdersPerSecond, ledger, samples } = result;
  const outcomes = sumOutcomes(drive.warmup.outcomes, drive.measured.outcomes);
  const offered = drive.warmup.offered + drive.measured.offered;
  const answered =
    OUTCOMES.reduce((sum, outcome) => sum + outcomes[outcome], 0) -
    outcomes.timeout -
    outcomes['network-error'];
  const errors = ERRORS.reduce((sum, outcome) => sum + outcomes[outcome], 0);
  const peak = Math.max(0, ...drive.seconds.map((second) => second.offered));
  const drainPeak = Math.max(
    0,
    ...(ledger?.settledPerSecond ?? samples.map((sample) => sample.drainedPerSecond ?? 0)),
  );
  const mostWaiting = Math.max(0, ...samples.map(({ waiting = 0 }) => waiting));
  const refused = outcomes['sold-out'] + outcomes['refused-limit'];
  const after = drainedAfterSeconds(result);
  return [
    { label: 'Offered', value: formatNumber(offered), detail: `at up to ${formatNumber(peak)}/s` },
    {
      label: 'Accepted',
      value: formatNumber(outcomes.accepted),
      detail:
        refused > 0 ? `${formatNumber(refused)} sold out or refused` : `${formatNumber(answered)} answered`,
    },
    {
      label: '99 of 100 answered within',
      value: `${formatNumber(drive.latency.all.p99Ms)} ms`,
      detail: `slowest ${formatNumber(drive.latency.all.maxMs)} ms`,
    },
    {
      label: 'Database wrote up to',
      value: `${formatNumber(drainPeak)}/s`,
      detail: capOrdersPerSecond === undefined ? 'cap unknown' : `cap ${formatNumber(capOrdersPerSecond)}/s`,
    },
    {
      label: 'Waiting at most',
      value: formatNumber(mostWaiting),
      detail: after === undefined ? 'orders' : `orders; done ${formatNumber(after)} s after the last`,
    },
    {
      label: 'Errors',
      value: formatNumber(errors),
      detail: `${formatNumber(drive.warmup.dropped + drive.measured.dropped)} not sent`,
    },
  ];
}
