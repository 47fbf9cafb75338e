import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DriveResult } from '../driver/recorder.ts';
import type { Settings } from '../scenario.ts';
import type { AuditVerdict } from '../verdict/audit.ts';
import type { LedgerCounts } from '../verdict/ledger-counts.ts';
import type { ThresholdResult } from '../verdict/threshold.ts';
import type { InstanceSample } from '../watch/sampler.ts';
import type { Environment } from './environment.ts';
import { renderReport } from './html.ts';

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
  readonly drive: DriveResult;
  readonly samples: readonly InstanceSample[];
  readonly environment: Environment;
}

export interface ResultFiles {
  readonly json: string;
  readonly html: string;
}

/** `folder/<scenario>-<time>`, the start of the names of all files of a run. */
export function resultBaseName(folder: string, scenario: string, now: Date): string {
  const time = now.toISOString().slice(0, 19).replace(/[:T]/g, '-');
  return join(folder, `${scenario}-${time}`);
}

/** Writes the JSON file and the report beside each other. */
export async function writeResult(folder: string, baseName: string, result: RunResult): Promise<ResultFiles> {
  await mkdir(folder, { recursive: true });
  const files = { json: `${baseName}.json`, html: `${baseName}.html` };
  await writeFile(files.json, `${JSON.stringify(result, null, 1)}\n`);
  await writeFile(files.html, await renderReport(result));
  return files;
}
