import type { RunResult } from './result.ts';
export async function renderReport(result: RunResult): Promise<string> {
  return result.scenario;
}
