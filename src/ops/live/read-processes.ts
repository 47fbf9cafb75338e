import type { SaleClaims } from '../../order/ports/claims.ts';
import type { ProcessReport } from '../../platform/figures.ts';
import { createRates, type ProcessRates } from './rates.ts';

/**
 * Reads what the processes of the cluster have said of themselves, with the rates since the reading before.
 * Resolves with `undefined` while Redis, which carries the reports, is away.
 *
 * @param forgottenAfterMs after how long without a word a process is forgotten, as it announces itself
 */
export function createProcessReader(
  claims: Pick<SaleClaims, 'processes'>,
  forgottenAfterMs: number,
): () => Promise<ProcessRates[] | undefined> {
  const ratesOf = createRates();

  return async () => {
    try {
      const reports = new Map<string, { report: ProcessReport; silentMs: number }>();
      for (const [id, { report, forgottenInMs }] of await claims.processes()) {
        const parsed = parseReport(report);
        if (parsed) {
          reports.set(id, { report: parsed, silentMs: Math.max(0, forgottenAfterMs - forgottenInMs) });
        }
      }
      return ratesOf(reports);
    } catch {
      // The look at the cluster says so.
      return undefined;
    }
  };
}

/** `undefined` for what another version of Sluice may say. */
function parseReport(text: string): ProcessReport | undefined {
  try {
    const report = JSON.parse(text) as Partial<ProcessReport>;
    const isReport =
      typeof report.role === 'string' &&
      typeof report.uptimeMs === 'number' &&
      typeof report.figures === 'object' &&
      report.figures !== null;
    return isReport ? (report as ProcessReport) : undefined;
  } catch {
    return undefined;
  }
}
