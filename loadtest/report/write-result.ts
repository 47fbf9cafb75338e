import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EarlierResult } from './comparison.ts';
import { renderReport } from './html.ts';
import type { RunResult } from './result.ts';

export interface ResultFiles {
  readonly json: string;
  readonly html: string;
}

/** `folder/<scenario>-<time>`, the start of the names of all files of a run. */
export function resultBaseName(folder: string, scenario: string, now: Date): string {
  const time = now.toISOString().slice(0, 19).replace(/[:T]/g, '-');
  return join(folder, `${scenario}-${time}`);
}

/** Writes the JSON file and the report beside each other; the report holds the run against an earlier one. */
export async function writeResult(
  folder: string,
  baseName: string,
  result: RunResult,
  earlier?: EarlierResult,
): Promise<ResultFiles> {
  await mkdir(folder, { recursive: true });
  const files = { json: `${baseName}.json`, html: `${baseName}.html` };
  await writeFile(files.json, `${JSON.stringify(result, null, 1)}\n`);
  await writeFile(files.html, await renderReport(result, earlier));
  return files;
}
