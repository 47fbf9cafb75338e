import { Command } from 'commander';
import { describeMachine } from '../report/environment.ts';
import { runBench } from '../run-bench.ts';
import { wholeNumber } from '../whole-number.ts';
import { type GrowthOptions, measureGrowth } from './growth.ts';

type CliOptions = Omit<GrowthOptions, 'signal'>;

function createProgram(): Command {
  return new Command('bench:growth')
    .description('Measures what orders that are settled, and orders that wait, cost intake and drain.')
    .option('--settled <orders>', 'in the ledger beforehand', wholeNumber(0, 100_000_000), 1_000_000)
    .option('--waiting <orders>', 'accepted and not drained', wholeNumber(0, 1_000_000), 300_000)
    .option('--rounds <n>', 'turns of each', wholeNumber(1, 100), 5)
    .option('--seconds <n>', 'measured in each turn', wholeNumber(1, 60), 4);
}

async function main(options: CliOptions, signal: AbortSignal): Promise<boolean> {
  console.log(describeMachine());
  await measureGrowth({ ...options, signal });
  return true;
}

process.exitCode = await runBench(createProgram(), process.argv.slice(2), main);
