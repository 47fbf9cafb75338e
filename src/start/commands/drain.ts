import type { Command } from 'commander';
import { complain } from '../complain.ts';
import { wholeNumber } from './arguments.ts';
import { operate } from './operate.ts';

/** `cap`, `pause` and `resume`: how fast the backlog drains. */
export function addDrainCommands(program: Command): void {
  program
    .command('cap')
    .description('set how many orders per second are drained')
    .argument('<orders-per-second>', '1 to 1,000,000', wholeNumber)
    .action((ordersPerSecond: number) =>
      complain(() =>
        operate(async ({ ledger }) => {
          const cap = await ledger.setCap(ordersPerSecond, 'configured');
          console.log(`the cap is ${cap.ordersPerSecond} orders/s`);
        }),
      ),
    );
  program
    .command('pause')
    .description('stop draining; orders are still accepted')
    .action(() => complain(() => pause(true)));
  program
    .command('resume')
    .description('go on draining')
    .action(() => complain(() => pause(false)));
}

async function pause(paused: boolean): Promise<void> {
  await operate(async ({ ledger }) => {
    await ledger.setPaused(paused);
    console.log(paused ? 'draining is paused; orders are still accepted' : 'draining goes on');
  });
}
