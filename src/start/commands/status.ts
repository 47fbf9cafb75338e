import type { Command } from 'commander';
import { complain } from '../complain.ts';
import { printStatus } from '../print.ts';

/** `status`: what the cluster does now. */
export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('the cap, what waits, and the stock of every sale')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }) => complain(() => runStatus(options)));
}

async function runStatus(options: { json?: boolean }): Promise<void> {
  const { readStatus } = await import('../status.ts');
  const status = await readStatus();
  if (options.json) console.log(JSON.stringify(status, undefined, 2));
  else printStatus(status);
}
