import { openClaimsAudit } from '../claim/audit-reader.ts';
import { openLedgerAudit } from '../ledger/audit-reader.ts';
import { burstOrders } from '../ledger/cap-rule.ts';
import { audit, auditWithoutLedger } from '../ops/audit/audit.ts';
import { formatReport } from '../ops/audit/print-report.ts';
import type { AuditReport } from '../ops/audit/report.ts';
import { isOrderError } from '../order/errors.ts';
import { systemClock } from '../platform/clock.ts';
import type { Config } from '../platform/config/config.ts';
import { readConfig } from '../platform/config/read.ts';
import { createLogger } from '../platform/logger.ts';
import { readDepth } from '../queue/depth.ts';
import { findTarget, type Target } from './target.ts';

/** A pass over all orders is one statement; longer than this is a database that hangs. */
const statementTimeoutMs = 120_000;
/** Redis has this long to answer; commands of an audit are larger than those of a claim. */
const redisConnectMs = 5_000;
const redisCommandMs = 5_000;
const progressAfterMs = 2_000;

/** `sluice audit`; resolves with whether every promise holds. */
export async function auditCommand(options: {
  json?: boolean;
  sale?: string;
  log?: string;
}): Promise<boolean> {
  const config = readConfig();
  const target = findTarget(config, process.cwd());
  const progress = createProgress(options.json === true);
  const report = await runAudit({ config, target, progress: progress.say }, options).finally(progress.end);
  // Heeds NO_COLOR.
  const coloured = process.stdout.isTTY === true && process.stdout.hasColors();
  console.log(options.json ? JSON.stringify(report, undefined, 2) : formatReport(report, coloured));
  return report.ok;
}

/** One audit of the servers of `target`: never starts or changes anything. What is away is said in the report. */
export async function runAudit(
  { config, target, progress }: { config: Config; target: Target; progress: (doing: string) => void },
  options: { sale?: string; log?: string },
): Promise<AuditReport> {
  const clock = systemClock;
  let ledger: Awaited<ReturnType<typeof openLedgerAudit>>;
  try {
    ledger = await openLedgerAudit({
      databaseUrl: target.databaseUrl,
      statementTimeoutMs,
      applicationName: 'sluice audit',
    });
  } catch (error) {
    return auditWithoutLedger(clock.nowMs(), `PostgreSQL is away: ${messageOf(error)}`);
  }
  const claims = await openClaimsAudit(
    {
      redisUrl: target.redisUrl,
      commandTimeoutMs: redisCommandMs,
      reopenAfterMs: redisCommandMs,
      logger: createLogger('audit', 'silent'),
      clock,
    },
    AbortSignal.timeout(redisConnectMs),
  ).catch(() => undefined);
  const deps = {
    ledger,
    depth: await readDepth(target).catch(() => undefined),
    burstOrders: (ordersPerSecond: number) => burstOrders(ordersPerSecond, config.BATCH_MAX_ORDERS),
    nowMs: clock.nowMs,
    progress,
  };
  const wish = {
    ...(options.sale === undefined ? {} : { saleId: options.sale }),
    ...(options.log === undefined ? {} : { logFile: options.log }),
  };
  try {
    return await audit({ ...deps, claims }, wish).catch((error: unknown) => {
      const redisLost = isOrderError(error, 'claims-unavailable') || isOrderError(error, 'claims-timeout');
      if (!redisLost) throw error;
      return audit({ ...deps, claims: undefined }, wish);
    });
  } catch (error) {
    if (!isOrderError(error, 'ledger-unavailable')) throw error;
    return auditWithoutLedger(clock.nowMs(), `PostgreSQL is away: ${messageOf(error)}`);
  } finally {
    await Promise.all([ledger.close(), claims?.close()]);
  }
}

/** Says on standard error what takes long, every two seconds. */
function createProgress(silent: boolean): { say: (doing: string) => void; end: () => void } {
  let saidAtMs = Date.now();
  return {
    say(doing) {
      if (silent || Date.now() - saidAtMs < progressAfterMs) return;
      saidAtMs = Date.now();
      process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${doing}` : `${doing}\n`);
    },
    end() {
      if (!silent && process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
