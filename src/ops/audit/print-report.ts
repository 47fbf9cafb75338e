import type { AuditCheck, AuditReport, Verdict } from './report.ts';

const colours: Readonly<Record<Verdict, string>> = { holds: '32', broken: '31', unjudged: '33' };
const words: Readonly<Record<Verdict, string>> = { holds: 'holds', broken: 'BROKEN', unjudged: 'not judged' };

/** The report for people: one line per check, its offences below it. */
export function formatReport(report: AuditReport, coloured: boolean): string {
  const paint = (verdict: Verdict, text: string) =>
    coloured ? `\x1b[${colours[verdict]}m${text}\x1b[0m` : text;
  const nameWidth = Math.max(...report.checks.map((check) => check.name.length), 5);
  const verdictWidth = Math.max(...Object.values(words).map((word) => word.length));
  const lines = report.sales.map(
    (sale) =>
      `sale ${sale.saleId}: ${sale.confirmedOrders} confirmed, ${sale.rejectedOrders} rejected, ` +
      `${sale.failedOrders} failed, ${sale.waiting ?? 'unknown'} waiting${sale.archived ? ' (archived)' : ''}`,
  );
  lines.push('', `promise  ${'check'.padEnd(nameWidth)}  ${'verdict'.padEnd(verdictWidth)}  detail`);
  for (const check of report.checks) {
    const verdict = paint(check.verdict, words[check.verdict].padEnd(verdictWidth));
    lines.push(
      `${String(check.promise).padEnd(7)}  ${check.name.padEnd(nameWidth)}  ${verdict}  ${check.detail}`,
    );
    lines.push(...offencesOf(check));
  }
  if (report.warnings.length + report.information.length > 0) lines.push('');
  for (const warning of report.warnings) lines.push(`${paint('unjudged', 'warning')}  ${warning}`);
  for (const line of report.information) lines.push(`note     ${line}`);
  lines.push('', verdictOf(report, paint));
  return lines.join('\n');
}

function offencesOf({ offending, found }: AuditCheck): string[] {
  const lines = offending.map((offence) => {
    const fields = Object.entries(offence).map(([name, value]) => `${name}=${value}`);
    return `           ${fields.join('  ')}`;
  });
  if (found > offending.length) lines.push(`           … ${found - offending.length} more`);
  return lines;
}

function verdictOf({ ok, checks }: AuditReport, paint: (verdict: Verdict, text: string) => string): string {
  if (ok) return paint('holds', 'every promise holds');
  const count = (verdict: Verdict) => checks.filter((check) => check.verdict === verdict).length;
  const broken = count('broken');
  const unjudged = count('unjudged');
  return paint(
    broken > 0 ? 'broken' : 'unjudged',
    [broken > 0 ? `${broken} checks broken` : '', unjudged > 0 ? `${unjudged} checks not judged` : '']
      .filter((part) => part !== '')
      .join(', '),
  );
}
