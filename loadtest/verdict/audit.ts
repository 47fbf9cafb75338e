import { runSluice, type SluiceCommand } from '../instance/sluice-command.ts';

/** What `sluice audit --json` found. */
export interface AuditVerdict {
  /** It ended with 0. */
  readonly clean: boolean;
  /** Its JSON as it came; undefined if it gave none. */
  readonly report: Readonly<Record<string, unknown>> | undefined;
  /** The busiest sliding second of the ledger and the part of the cap in use while there was a backlog. */
  readonly busiestSecondOrders: number | undefined;
  readonly capUsedRatio: number | undefined;
  /** Seconds that the ratio is of, and those besides in which the database could not write what the cap allows. */
  readonly backlogSeconds: number;
  readonly databaseBoundSeconds: number;
  /** Why there is no JSON. */
  readonly failure?: string;
}

const AUDIT_TIMEOUT_MS = 600_000;

/** Compares the instance with the log of every answer. Never throws: an audit that fails is a verdict. */
export async function auditSale(
  command: SluiceCommand,
  saleId: string,
  logFile: string,
): Promise<AuditVerdict> {
  const args = ['audit', '--json', '--sale', saleId, '--log', logFile];
  const { exitCode, stdout, stderr } = await runSluice(command, args, AUDIT_TIMEOUT_MS);
  const report = parseReport(stdout);
  const failure = report ? undefined : (stderr || stdout).trim().slice(-500) || `ended with ${exitCode}`;
  return { ...readAudit(report, exitCode), ...(failure === undefined ? {} : { failure }) };
}

export function readAudit(
  report: Readonly<Record<string, unknown>> | undefined,
  exitCode: number,
): Omit<AuditVerdict, 'failure'> {
  const cap = report?.cap as Readonly<Record<string, unknown>> | undefined;
  return {
    clean: exitCode === 0 && report !== undefined,
    report,
    busiestSecondOrders: numberOrNothing(cap?.busiestSecondOrders),
    capUsedRatio: numberOrNothing(cap?.capUsedRatio),
    backlogSeconds: numberOrNothing(cap?.backlogSeconds) ?? 0,
    databaseBoundSeconds: numberOrNothing(cap?.databaseBoundSeconds) ?? 0,
  };
}

function parseReport(stdout: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(stdout);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function numberOrNothing(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
