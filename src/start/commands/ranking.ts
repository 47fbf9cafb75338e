import type { Command } from 'commander';
import { complain } from '../complain.ts';

/** Every order of a sale is read once: a million take about this long on a small machine, ten times over. */
const recomputeTimeoutMs = 600_000;

/** `ranking recompute`: best sellers and fastest buyers from the ledger instead of from events. */
export function addRankingCommand(program: Command): void {
  program
    .command('ranking')
    .description('best sellers and fastest buyers of a sale: recompute')
    .command('recompute')
    .description('from the confirmed orders in the ledger, beside a follower at work')
    .requiredOption('--sale <id>', 'the sale')
    .action(({ sale }: { sale: string }) => complain(() => recompute(sale)));
}

async function recompute(saleId: string): Promise<void> {
  const [{ createLedger }, { readConfig }, { createLogger }, { findTarget }] = await Promise.all([
    import('../../ledger/ledger.ts'),
    import('../../platform/config/read.ts'),
    import('../../platform/logger.ts'),
    import('../target.ts'),
  ]);
  const config = readConfig();
  const ledger = createLedger({
    databaseUrl: findTarget(config, process.cwd()).databaseUrl,
    poolSize: 1,
    statementTimeoutMs: recomputeTimeoutMs,
    batchMaxOrders: config.BATCH_MAX_ORDERS,
    applicationName: 'sluice ranking',
    logger: createLogger('command', 'error'),
  });
  try {
    const orders = await ledger.recomputeRanking(saleId);
    console.log(`the ranking of ${saleId} counts ${orders} confirmed orders`);
  } finally {
    await ledger.stop(1_000);
  }
}
