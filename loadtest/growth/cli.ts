import { Command, CommanderError } from 'commander';
import { readEnvironment } from '../report/environment.ts';
import { wholeNumber } from '../whole-number.ts';
import { type GrowthOptions, measureGrowth } from './growth.ts';

function createProgram(): Command {
  return new Command('bench:growth')
    .description('Measures what orders that are settled, and orders that wait, cost intake and drain.')
    .option('--settled <orders>', 'in the ledger beforehand', wholeNumber(0, 100_000_000), 1_000_000)
    .option('--waiting <orders>', 'accepted and not drained', wholeNumber(0, 1_000_000), 300_000)
    .option('--rounds <n>', 'turns of each', wholeNumber(1, 100), 5)
    .option('--seconds <n>', 'measured in each turn', wholeNumber(1, 60), 4)
    .exitOverride();
}

async function main(args: readonly string[]): Promise<number> {
  const interrupted = new AbortController();
  const { signal } = interrupted;
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());
  try {
    const options = createProgram().parse(args, { from: 'user' }).opts<Omit<GrowthOptions, 'signal'>>();
    const { cpu, cores, memoryGiB, node } = readEnvironment();
    console.log(`${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}`);
    await measureGrowth({ ...options, signal });
    return 0;
  } catch (error) {
    // commander has already said what is wrong, or shown its help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (signal.aborted) return 130;
    console.error(error);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
