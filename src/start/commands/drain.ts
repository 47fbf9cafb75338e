import type { Command } from 'commander';
import type { Cap } from '../../order/ports/ledger.ts';
import { complain } from '../complain.ts';
import type { Operations } from '../operations.ts';
import { capNumber, capRangeText } from './arguments.ts';
import { examples } from './examples.ts';
import { operate } from './operate.ts';

/** `cap`, `pause` and `resume`: how fast the backlog drains. */
export function addDrainCommands(program: Command): void {
  program
    .command('cap')
    .description('set how many orders per second are drained; in force with the next batch')
    .argument('<orders-per-second>', capRangeText, capNumber)
    .option('--json', 'as JSON')
    .action((ordersPerSecond: number, options: { json?: boolean }) =>
      change(
        ({ ledger }) => ledger.setCap(ordersPerSecond, 'configured'),
        options,
        (cap) => `the cap is ${cap.ordersPerSecond} orders/s${cap.paused ? '; draining is paused' : ''}`,
      ),
    )
    .addHelpText('after', examples([['sluice cap 500', 'spare the database']]));
  program
    .command('pause')
    .description('stop draining; orders are still accepted')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }) =>
      change(
        ({ ledger }) => ledger.setPaused(true),
        options,
        () => 'draining is paused; orders are still accepted',
      ),
    )
    .addHelpText('after', examples([['sluice pause', '']]));
  program
    .command('resume')
    .description('go on draining')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }) =>
      change(
        ({ ledger }) => ledger.setPaused(false),
        options,
        (cap) => `draining goes on, ${cap.ordersPerSecond} orders/s`,
      ),
    )
    .addHelpText('after', examples([['sluice resume', '']]));
}

/** Changes the cap and says what it is now. */
function change(
  work: (operations: Operations) => Promise<Cap>,
  options: { json?: boolean },
  say: (cap: Cap) => string,
): Promise<void> {
  return complain(() =>
    operate(async (operations) => {
      const cap = await work(operations);
      console.log(options.json ? JSON.stringify(cap, undefined, 2) : say(cap));
    }),
  );
}
