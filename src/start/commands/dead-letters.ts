import type { Command } from 'commander';
import { complain } from '../complain.ts';
import { positiveNumber } from './arguments.ts';
import { examples } from './examples.ts';
import { exitCodes } from './exit-codes.ts';

/** `dead-letters list`, `redrive` and `purge`. */
export function addDeadLetterCommands(program: Command): void {
  const deadLetters = program
    .command('dead-letters')
    .description('orders that could not be written: list, redrive, purge');
  deadLetters
    .command('list')
    .description('the oldest dead letters: what, why, when, and their history')
    .option('--json', 'as JSON')
    .option('--limit <n>', 'at most so many', positiveNumber, 100)
    .action((options: { json?: boolean; limit: number }) =>
      complain(async () => (await import('../dead-letters.ts')).listDeadLetters(options)),
    )
    .addHelpText('after', examples([['sluice dead-letters list --limit 10', '']]));
  const actions = {
    redrive: 'send orders through the ledger again; exit 1 when one has to stay',
    purge: 'give orders up: their pieces go back on sale; exit 1 when an ID is unknown',
  } as const;
  for (const [action, description] of Object.entries(actions) as ['redrive' | 'purge', string][]) {
    const command = deadLetters
      .command(action)
      .description(description)
      .option('--id <id...>', 'these letters, by their ID or their transaction ID')
      .option('--all', 'all letters')
      .option('--sale <id>', 'letters of this sale only')
      .option('--json', 'as JSON')
      .action((options: { id?: string[]; all?: boolean; sale?: string; json?: boolean }) => {
        const { id: ids, all, sale: saleId } = options;
        if ((ids === undefined) === (all === undefined))
          command.error('error: name --id or --all, one of both');
        return complain(async () => {
          const choice = { ...(ids ? { ids } : {}), ...(saleId === undefined ? {} : { saleId }) };
          const { handleDeadLetters } = await import('../dead-letters.ts');
          if (!(await handleDeadLetters(action, choice, options))) process.exitCode = exitCodes.failed;
        });
      })
      .addHelpText(
        'after',
        examples([
          [`sluice dead-letters ${action} --id 9f3c2a`, 'one letter, or the order of that transaction ID'],
          [`sluice dead-letters ${action} --all --sale friday`, ''],
        ]),
      );
  }
}
