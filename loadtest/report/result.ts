import type { FollowOnFacts } from '../companion.ts';
import type { DriveResult } from '../driver/recorder.ts';
import type { Settings } from '../settings.ts';
import type { AuditVerdict } from '../verdict/audit.ts';
import type { LedgerCounts } from '../verdict/ledger-counts.ts';
import type { Baseline, ThresholdResult } from '../verdict/threshold.ts';
import type { ProcessSeries } from '../watch/process-watch.ts';
import type { InstanceSample } from '../watch/sampler.ts';
import type { Environment } from './environment.ts';

/** Everything that is known of a run; the JSON file is exactly this. */
export interface RunResult {
  readonly scenario: string;
  readonly summary: string;
  readonly model: 'open-loop' | 'closed-loop';
  readonly passed: boolean;
  readonly saleId: string;
  readonly settings: Omit<Settings, 'trace'>;
  /** Each order was sent this often. */
  readonly copies: number;
  readonly targets: readonly string[];
  /** The instance was started for this run alone. */
  readonly startedHere: boolean;
  readonly capOrdersPerSecond?: number;
  readonly thresholds: readonly ThresholdResult[];
  readonly audit: AuditVerdict;
  readonly drained: boolean;
  readonly ledger?: LedgerCounts;
  readonly followOns?: FollowOnFacts;
  readonly baseline?: Baseline;
  readonly drive: DriveResult;
  readonly samples: readonly InstanceSample[];
  /** What each process held while the load ran. */
  readonly processes: readonly ProcessSeries[];
  readonly environment: Environment;
}
