import type { FollowOnFacts } from '../companion.ts';
import type { DriveResult } from '../driver/recorder.ts';
import type { Settings } from '../settings.ts';
import type { ProcessSeries } from '../watch/process-watch.ts';
import type { InstanceSample } from '../watch/sampler.ts';
import type { AuditVerdict } from './audit.ts';
import type { LedgerCounts } from './ledger-counts.ts';

/** All that a threshold may look at. */
export interface Facts {
  readonly settings: Settings;
  readonly drive: DriveResult;
  readonly samples: readonly InstanceSample[];
  readonly processes: readonly ProcessSeries[];
  /** Orders/s in force during the run, if the instance said. */
  readonly cap: number | undefined;
  readonly drained: boolean;
  readonly audit: AuditVerdict;
  readonly ledger: LedgerCounts | undefined;
  readonly followOns?: FollowOnFacts;
  /** Intake latencies of the same load without the companion. */
  readonly baseline?: Baseline;
}

export interface Baseline {
  readonly accepted: DriveResult['latency']['accepted'];
  readonly seconds: number;
}

/** A value, also with what to say of it, or why there is none: `missing` fails the threshold, `exempt` passes it. */
export type Measured =
  | number
  | { readonly value: number; readonly note: string }
  | { readonly missing: string }
  | { readonly exempt: string };

export interface Threshold {
  readonly name: string;
  readonly unit: string;
  readonly measure: (facts: Facts) => Measured;
  readonly comparison: 'at most' | 'at least' | 'exactly';
  readonly limit: (facts: Facts) => Measured;
}

export interface ThresholdResult {
  readonly name: string;
  readonly unit: string;
  readonly comparison: Threshold['comparison'];
  readonly value?: number;
  readonly limit?: number;
  readonly passed: boolean;
  /** What to say of the value; or why there is none, or none was needed. */
  readonly note?: string;
}

/** Holds a run against one threshold. What could not be measured has not passed. */
export function judge({ name, unit, comparison, measure, limit }: Threshold, facts: Facts): ThresholdResult {
  const row = { name, unit, comparison };
  const found = measure(facts);
  const remark = typeof found === 'object' && 'value' in found ? { note: found.note } : {};
  const measured = typeof found === 'object' && 'value' in found ? found.value : found;
  const bound = limit(facts);
  const value = typeof measured === 'number' ? { value: measured, ...remark } : {};
  const against = typeof bound === 'number' ? { limit: bound } : {};
  for (const side of [measured, bound]) {
    if (typeof side === 'number' || 'value' in side) continue;
    if ('exempt' in side) return { ...row, ...value, ...against, passed: true, note: side.exempt };
    return { ...row, ...value, ...against, passed: false, note: side.missing };
  }
  return { ...row, ...value, ...against, passed: holds(comparison, measured as number, bound as number) };
}

function holds(comparison: Threshold['comparison'], value: number, limit: number): boolean {
  if (comparison === 'at most') return value <= limit;
  return comparison === 'at least' ? value >= limit : value === limit;
}
