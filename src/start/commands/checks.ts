import type { Command } from 'commander';
import { complain } from '../complain.ts';
import { examples } from './examples.ts';
import { exitCodes } from './exit-codes.ts';

/** `reconcile` and `audit`: whether everything is as it was promised. */
export function addCheckCommands(program: Command): void {
  program
    .command('reconcile')
    .description('publish again, or settle, what a crash or an outage left undone: one round')
    .option('--dry-run', 'only say what would be done')
    .option('--json', 'as JSON')
    .action((options: { dryRun?: boolean; json?: boolean }) =>
      complain(async () => (await import('../reconcile.ts')).reconcileCommand(options)),
    )
    .addHelpText('after', examples([['sluice reconcile --dry-run', 'what would be done']]));

  program
    .command('audit')
    .description('check the promises against Postgres, Redis and RabbitMQ; exit 1 when one is broken')
    .option('--json', 'as JSON')
    .option('--sale <id>', 'this sale only')
    .option('--log <file>', "a load test's order log, to check what was answered")
    .action((options: { json?: boolean; sale?: string; log?: string }) => complain(() => runAudit(options)))
    .addHelpText(
      'after',
      examples([
        ['sluice audit', ''],
        ['sluice audit --sale friday --json > audit.json', ''],
      ]),
    );
}

async function runAudit(options: { json?: boolean; sale?: string; log?: string }): Promise<void> {
  const { auditCommand } = await import('../audit.ts');
  process.exitCode = (await auditCommand(options)) ? exitCodes.ok : exitCodes.failed;
}
