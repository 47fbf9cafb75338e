import { escapeHtml } from '../../src/platform/escape-html.ts';
import type { AuditVerdict } from '../verdict/audit.ts';

/** What a report needs of one check; the audit's own words. */
interface ShownCheck {
  readonly name: string;
  readonly promise: number;
  readonly verdict: string;
  readonly detail: string;
}

const words: Readonly<Record<string, string>> = { holds: 'holds', broken: 'broken', unjudged: 'not judged' };

/** Each promise that was checked, those that do not hold first; the whole report folded away. */
export function auditSection({ clean, report, failure }: AuditVerdict): string {
  if (report === undefined) {
    return `<section><h2>Audit</h2><p>There is no report.</p><pre>${escapeHtml(failure ?? '')}</pre></section>`;
  }
  const checks = checksOf(report).sort((one, other) => rank(one) - rank(other));
  const verdict = clean
    ? 'After the run every order was looked up: what was answered, what is in the ledger, what stock is left.'
    : 'After the run every order was looked up. What does not hold, or could not be judged, stands first.';
  const rows = checks.map(
    (check) =>
      `<tr><td><span class="mark ${check.verdict === 'holds' ? 'passed' : 'failed'}">${escapeHtml(words[check.verdict] ?? check.verdict)}</span></td><th>${escapeHtml(check.name.replaceAll('-', ' '))}</th><td class="soft">${escapeHtml(check.detail)}</td></tr>`,
  );
  const table =
    rows.length === 0
      ? ''
      : `<table class="checks"><thead><tr><th></th><th>Check</th><th>What was found</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
  return `<section><h2>Audit</h2><p class="soft">${verdict}</p>${table}<details><summary>The audit’s report as JSON</summary><pre>${escapeHtml(JSON.stringify(report, null, 2))}</pre></details></section>`;
}

/** In the audit's own words, what of it does not hold. */
export function auditFaults({ report }: AuditVerdict): string[] {
  return checksOf(report ?? {})
    .filter(({ verdict }) => verdict !== 'holds')
    .map(({ detail }) => detail);
}

/** The audit belongs to the instance, which may be of another version: what is not as expected is left out. */
function checksOf(report: Readonly<Record<string, unknown>>): ShownCheck[] {
  const checks: readonly unknown[] = Array.isArray(report.checks) ? report.checks : [];
  return checks.flatMap((check) => {
    const { name, promise, verdict, detail } = check as Partial<ShownCheck>;
    const complete = typeof name === 'string' && typeof verdict === 'string' && typeof detail === 'string';
    return complete ? [{ name, verdict, detail, promise: Number(promise) }] : [];
  });
}

function rank({ verdict, promise }: ShownCheck): number {
  return (verdict === 'holds' ? 100 : verdict === 'broken' ? 0 : 50) + promise;
}
