import { type CommandResult, runSluice } from '../instance/sluice-command.ts';
import { LOAD_SKU, WARMUP_SKU } from '../settings.ts';
import type { Arena } from './arena.ts';
import type { AuditResult } from './figure.ts';

/** Each takes a second or so. */
const auditAttempts = 10;

interface SkuCount {
  readonly sku: string;
  readonly confirmed: number;
  readonly others: number;
  readonly sold: number;
}

/**
 * Compares a sale's rows with the orders that were answered 202, and its stock with both; read by the bench itself,
 * not by the product. Then lets the product check its promises too.
 */
export async function auditSale(
  arena: Arena,
  saleId: string,
  accepted: { readonly load: number; readonly warmup: number },
): Promise<AuditResult> {
  const { rows } = await arena.ledger.query<SkuCount>(
    `SELECT i.sku, i.stock_initial - i.stock_left AS sold,
            count(o.sku) FILTER (WHERE o.status = 'confirmed')::int AS confirmed,
            count(o.sku) FILTER (WHERE o.status <> 'confirmed')::int AS others
       FROM sale_items i LEFT JOIN orders o USING (sale_id, sku)
      WHERE i.sale_id = $1 GROUP BY i.sku, i.stock_initial, i.stock_left`,
    [saleId],
  );
  const answered: Readonly<Record<string, number>> = {
    [LOAD_SKU]: accepted.load,
    [WARMUP_SKU]: accepted.warmup,
  };
  const kept =
    rows.length === 2 &&
    rows.every(({ sku, confirmed, others, sold }) => {
      return confirmed === answered[sku] && sold === answered[sku] && others === 0;
    });
  const sum = (field: 'confirmed' | 'others' | 'sold') => rows.reduce((total, row) => total + row[field], 0);
  const own = await auditWhenSettled(arena, saleId);
  return {
    passed: kept && failedChecks(own)?.length === 0,
    found:
      `${accepted.load + accepted.warmup} answered 202; in Postgres ${sum('confirmed')} confirmed, ` +
      `${sum('others')} others, ${sum('sold')} pieces sold; ` +
      `sluice audit: ${whatFailed(own) || 'every promise holds'}`,
  };
}

/** The last commit is seen before its claims are settled: an audit that still sees orders waiting is repeated. */
async function auditWhenSettled(arena: Arena, saleId: string): Promise<CommandResult> {
  for (let attempt = 1; ; attempt++) {
    const audit = await runSluice(arena.command, ['audit', '--json', '--sale', saleId]);
    const waits = reportOf(audit)?.sales.some(({ waiting }) => waiting > 0) ?? false;
    if (!waits || attempt === auditAttempts) return audit;
  }
}

/** What a bench reads of an audit's report; undefined where the command gave none. */
interface AuditReport {
  readonly sales: readonly { readonly waiting: number }[];
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
}

function reportOf({ stdout }: CommandResult): AuditReport | undefined {
  try {
    return JSON.parse(stdout) as AuditReport;
  } catch {
    return undefined;
  }
}

/**
 * The checks that do not hold. `cap-used` is left out: the bench drains at a cap that no database reaches, so that
 * the database and not the cap is measured.
 */
function failedChecks(audit: CommandResult): AuditReport['checks'] | undefined {
  return reportOf(audit)?.checks.filter(({ name, ok }) => !ok && name !== 'cap-used');
}

/** The checks that do not hold, or what the command said where it gave no report. */
function whatFailed(audit: CommandResult): string {
  const failed = failedChecks(audit);
  if (failed === undefined) return (audit.stderr || audit.stdout).trim().slice(-500);
  return failed.map(({ name, detail }) => `${name}: ${detail}`).join('; ');
}
