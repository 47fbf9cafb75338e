import { ERRORS } from '../driver/outcome.ts';
import type { Snapshot } from '../driver/recorder.ts';
import type { InstanceSample } from './sampler.ts';

/** One line on the state of a run, at most 120 characters for any run of a few million orders. */
export function formatLiveLine(snapshot: Snapshot, sample: InstanceSample | undefined): string {
  const { outcomes } = snapshot;
  const errors = ERRORS.reduce((sum, outcome) => sum + outcomes[outcome], 0) + snapshot.dropped;
  const number = (value: number | undefined) =>
    value === undefined ? '–' : Math.round(value).toLocaleString('en');
  return [
    `${Math.floor(snapshot.elapsedSeconds)} s`.padStart(6),
    `sent ${number(snapshot.offered - snapshot.dropped)}`,
    `accepted ${number(outcomes.accepted)}`,
    `sold out ${number(outcomes['sold-out'])}`,
    `errors ${number(errors)}`,
    `in flight ${number(snapshot.inFlight)}`,
    `waiting ${number(sample?.waiting)}`,
    `drained/s ${number(sample?.drainedPerSecond)}`,
    `p99 ${snapshot.p99Ms > 0 ? snapshot.p99Ms.toFixed(1) : '–'} ms`,
  ].join('  ');
}

export interface LiveLine {
  readonly show: (line: string) => void;
  /** Leaves the last line standing, so that what is printed next starts on a fresh one. */
  readonly end: () => void;
}

/** In place on a terminal, one line after another anywhere else. */
export function createLiveLine(output: NodeJS.WriteStream): LiveLine {
  let shown = false;
  return {
    show: (line) => {
      shown = true;
      output.write(output.isTTY ? `\r\x1b[2K${line.slice(0, (output.columns ?? 120) - 1)}` : `${line}\n`);
    },
    end: () => {
      if (shown && output.isTTY) output.write('\n');
      shown = false;
    },
  };
}
