import { setTimeout as delay } from 'node:timers/promises';
import type { AuditReport } from '../../src/ops/audit/report.ts';
import type { SluiceCommand } from '../instance/sluice-command.ts';
import { auditSale } from '../verdict/audit.ts';

/** What an audit said, in sentences. */
export interface Findings {
  readonly violations: readonly string[];
  readonly warnings: readonly string[];
  /** Checks that held. */
  readonly held: number;
}

const judgedWithinMs = 60_000;
const againMs = 1_000;

/**
 * Audits a sale against Postgres, Redis, RabbitMQ and the log of the answers. RabbitMQ's counts are seconds old: what
 * could not be judged is asked again, and is a violation after a minute.
 */
export async function auditAct(
  command: SluiceCommand,
  saleId: string,
  logFile: string,
  signal: AbortSignal,
): Promise<Findings> {
  const endsAtMs = performance.now() + judgedWithinMs;
  for (;;) {
    const { report, failure } = await auditSale(command, saleId, logFile);
    signal.throwIfAborted();
    if (report === undefined) {
      return { violations: [`the audit gave no report: ${failure}`], warnings: [], held: 0 };
    }
    const { checks, sales, warnings } = report as unknown as AuditReport;
    const broken = checks.some(({ verdict }) => verdict === 'broken');
    const unjudged = checks.some(({ verdict }) => verdict === 'unjudged');
    if (broken || !unjudged || performance.now() > endsAtMs) {
      const failed = sales.reduce((sum, sale) => sum + sale.failedOrders, 0);
      return {
        violations: [
          ...checks.filter(({ verdict }) => verdict !== 'holds').map(describe),
          ...(failed > 0 ? [`${failed} orders were dead-lettered, and none of them was poison`] : []),
        ],
        warnings,
        held: checks.filter(({ verdict }) => verdict === 'holds').length,
      };
    }
    await delay(againMs, undefined, { signal });
  }
}

function describe({ name, promise, verdict, detail, offending }: AuditReport['checks'][number]): string {
  const first = offending[0] ? `, for one ${JSON.stringify(offending[0])}` : '';
  return `audit, promise ${promise}, ${name}${verdict === 'unjudged' ? ' could not be judged' : ''}: ${detail}${first}`;
}
