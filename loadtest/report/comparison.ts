import { readFile } from 'node:fs/promises';
import { ERRORS } from '../driver/outcome.ts';
import { drainedAfterSeconds } from './headline.ts';
import type { RunResult } from './result.ts';

/** An earlier run that a report is held against, and where it was read. */
export interface EarlierResult {
  readonly file: string;
  readonly result: RunResult;
}

/** One figure of two runs. */
export interface ComparedFigure {
  readonly name: string;
  readonly unit: string;
  readonly before?: number;
  readonly now?: number;
  /** Now by before; absent where that says nothing. */
  readonly ratio?: number;
  /** `same`: within {@link sameWithin}. `neutral`: neither direction is good. */
  readonly verdict: 'better' | 'worse' | 'same' | 'neutral' | 'unknown';
}

export interface Comparison {
  readonly figures: readonly ComparedFigure[];
  /** What was not the same, so that the figures may differ because of it. */
  readonly differences: readonly string[];
}

/** Two runs of the same code on the same machine differ by about as much. */
export const sameWithin = 0.1;

/** A file that is no result of a load test. */
export class NoResultError extends Error {
  override readonly name = 'NoResultError';
  readonly code = 'NO_RESULT';
}

/** @throws NoResultError */
export async function readEarlierResult(file: string): Promise<EarlierResult> {
  try {
    const result = JSON.parse(await readFile(file, 'utf8')) as RunResult;
    const complete =
      typeof result?.scenario === 'string' &&
      Array.isArray(result.thresholds) &&
      Array.isArray(result.drive?.seconds) &&
      result.drive.latency?.accepted?.curve !== undefined &&
      result.environment?.cpu !== undefined;
    if (!complete) throw new Error('it is not the JSON file of a load test');
    return { file, result };
  } catch (error) {
    throw new NoResultError(`--compare ${file}: ${(error as Error).message}`, { cause: error });
  }
}

type Figure = readonly [
  name: string,
  unit: string,
  good: 'low' | 'high' | 'neither',
  of: (result: RunResult) => number | undefined,
];

const figures: readonly Figure[] = [
  [
    'Thresholds that failed',
    '',
    'low',
    ({ thresholds }) => thresholds.filter(({ passed }) => !passed).length,
  ],
  ['Orders offered', '', 'neither', ({ drive }) => drive.measured.offered],
  ['Accepted', '', 'high', ({ drive }) => drive.measured.outcomes.accepted],
  [
    'Errors and orders not sent',
    '',
    'low',
    ({ drive: { measured } }) =>
      ERRORS.reduce((sum, outcome) => sum + measured.outcomes[outcome], measured.dropped),
  ],
  ['Accepted, half within', 'ms', 'low', (result) => latency(result, 'accepted')?.p50Ms],
  ['Accepted, 99 % within', 'ms', 'low', (result) => latency(result, 'accepted')?.p99Ms],
  ['Accepted, 99.9 % within', 'ms', 'low', (result) => latency(result, 'accepted')?.p999Ms],
  ['Refused, 99 % within', 'ms', 'low', (result) => latency(result, 'refused')?.p99Ms],
  ['Cap used while there was a backlog', '', 'high', ({ audit }) => audit.capUsedRatio],
  ['Last order written after', 's', 'low', drainedAfterSeconds],
  ['Orders waiting at most', '', 'neither', ({ samples }) => most(samples.map(({ waiting }) => waiting))],
  ['Gateway, mean', 'cores', 'low', (result) => meanCores(result, 'gateway')],
  ['Drainer, mean', 'cores', 'low', (result) => meanCores(result, 'drainer')],
  [
    'Gateway memory at most',
    'MiB',
    'low',
    ({ samples }) => most(samples.map(({ roles }) => roles.gateway && roles.gateway.rssBytes / 2 ** 20)),
  ],
];

/** Holds a run against an earlier one; figures that neither has are left out. */
export function compareResults(before: RunResult, now: RunResult): Comparison {
  return {
    figures: figures
      .map((figure) => compareFigure(figure, before, now))
      .filter(({ before: then, now: later }) => then !== undefined || later !== undefined),
    differences: differencesBetween(before, now),
  };
}

function compareFigure([name, unit, good, of]: Figure, before: RunResult, now: RunResult): ComparedFigure {
  const [then, later] = [of(before), of(now)];
  const row = {
    name,
    unit,
    ...(then === undefined ? {} : { before: then }),
    ...(later === undefined ? {} : { now: later }),
  };
  if (then === undefined || later === undefined) return { ...row, verdict: 'unknown' };
  const ratio = then === 0 ? undefined : later / then;
  const withRatio = ratio === undefined ? row : { ...row, ratio };
  if (good === 'neither') return { ...withRatio, verdict: 'neutral' };
  // From nothing, any step is one.
  const same =
    ratio === undefined ? later === 0 : Math.abs(Math.log(ratio || 1e-9)) <= Math.log(1 + sameWithin);
  if (same) return { ...withRatio, verdict: 'same' };
  return { ...withRatio, verdict: later < then === (good === 'low') ? 'better' : 'worse' };
}

function differencesBetween(before: RunResult, now: RunResult): string[] {
  const about = (result: RunResult): Record<string, string | number | boolean | undefined> => ({
    scenario: result.scenario,
    processor: result.environment.cpu,
    cores: result.environment.cores,
    'memory, GiB': result.environment.memoryGiB,
    kernel: result.environment.kernel,
    Node: result.environment.node,
    'highest rate, orders/s': result.settings.rate,
    'length, s': result.settings.seconds,
    'warm-up, s': result.settings.warmupSeconds,
    'stock, pieces': result.settings.stock,
    'cap, orders/s': result.capOrdersPerSecond,
    'copies of each order': result.copies,
    gateways: result.targets.length,
    'instance started for the run': result.startedHere,
    'machine busy before the run': isBusy(result),
  });
  const [then, later] = [about(before), about(now)];
  return Object.keys(later)
    .filter((name) => then[name] !== later[name])
    .map((name) => `${name}: ${then[name] ?? 'not known'} before, ${later[name] ?? 'not known'} now`);
}

/** More processes wanted to run than there are cores for, or than half of them. */
function isBusy({ environment: { loadAverage, cores } }: RunResult): boolean {
  return (loadAverage ?? 0) > cores / 2;
}

function latency({ drive }: RunResult, kind: 'accepted' | 'refused') {
  const summary = drive.latency[kind];
  return summary.count === 0 ? undefined : summary;
}

function meanCores({ samples }: RunResult, role: string): number | undefined {
  const cores = samples.slice(1).flatMap(({ roles }) => roles[role]?.cores ?? []);
  return cores.length === 0 ? undefined : cores.reduce((sum, value) => sum + value, 0) / cores.length;
}

function most(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
