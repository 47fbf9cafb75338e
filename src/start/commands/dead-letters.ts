import type { Command } from 'commander';
import { complain } from '../complain.ts';
import { positiveNumber } from './arguments.ts';
import { examples } from './examples.ts';
import { exitCodes } from './exit-codes.ts';

interface LetterOptions {
  readonly id?: string[];
  readonly all?: boolean;
  readonly sale?: string;
  readonly follower?: string;
  readonly json?: boolean;
}

/** `dead-letters list`, `redrive` and `purge`. */
export function addDeadLetterCommands(program: Command): void {
  const deadLetters = program
    .command('dead-letters')
    .description('what was given up, orders or events of a follower: list, redrive, purge');
  deadLetters
    .command('list')
    .description('the oldest dead letters: what, why, when, and their history')
    .option('--json', 'as JSON')
    .option('--limit <n>', 'at most so many', positiveNumber, 100)
    .option('--follower <name>', 'events that this follower has given up')
    .action((options: { json?: boolean; limit: number; follower?: string }) =>
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
      .option('--follower <name>', 'events that this follower has given up')
      .option('--json', 'as JSON')
      .action((options: LetterOptions) => {
        const { id: ids, all, sale: saleId, follower } = options;
        if ((ids === undefined) === (all === undefined))
          command.error('error: name --id or --all, one of both');
        return complain(async () => {
          const choice = { ...(ids ? { ids } : {}), ...(saleId === undefined ? {} : { saleId }) };
          const { handleDeadLetters, handleFollowerLetters } = await import('../dead-letters.ts');
          const isComplete =
            follower === undefined
              ? await handleDeadLetters(action, choice, options)
              : await handleFollowerLetters(follower, action, choice, options);
          if (!isComplete) process.exitCode = exitCodes.failed;
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
