import type { Command } from 'commander';
import { complain } from '../complain.ts';
import { examples } from './examples.ts';

/** `status`: what the cluster does now. */
export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('the cap and its use, what waits, rates, stock, dependencies, roles and dead letters')
    .option('--watch', 'each second anew, until Ctrl-C; where there is no terminal, a line each second')
    .option('--json', 'as JSON; with --watch one object a line')
    .action((options: { watch?: boolean; json?: boolean }) =>
      complain(async () => {
        const { showStatus, watchStatus } = await import('../status/show-status.ts');
        await (options.watch ? watchStatus(options) : showStatus(options));
      }),
    )
    .addHelpText(
      'after',
      examples([
        ['sluice status', ''],
        ['sluice status --watch', 'a table that follows the sale'],
        ['sluice status --watch >> sale.log', 'the same for later, a line each second'],
        ["sluice status --json | jq '.waiting'", ''],
      ]),
    );
}
