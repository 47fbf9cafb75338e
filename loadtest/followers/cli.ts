import { Command, CommanderError, Option } from 'commander';
import { readEnvironment } from '../report/environment.ts';
import { wholeNumber } from '../whole-number.ts';
import { runInstance, type SlowFollower } from './instance.ts';
import { measureIntake } from './intake.ts';
import { measureThroughput } from './throughput.ts';

interface CliOptions {
  only?: 'throughput' | 'intake';
  rounds: number;
  seconds: number;
  rate: number;
}

function createProgram(): Command {
  return new Command('bench:followers')
    .description('Measures how followers scale, and what they cost the intake of orders, on private servers.')
    .addOption(new Option('--only <part>', 'one part of it').choices(['throughput', 'intake']))
    .option('--rounds <n>', 'of intake: turns with and without followers', wholeNumber(1, 100), 5)
    .option('--seconds <n>', 'of intake: measured in each turn', wholeNumber(1, 600), 8)
    .option('--rate <orders/s>', 'of intake: offered', wholeNumber(1, 100_000), 5_000)
    .exitOverride();
}

async function main(args: readonly string[]): Promise<number> {
  const interrupted = new AbortController();
  const { signal } = interrupted;
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());
  try {
    const options = createProgram().parse(args, { from: 'user' }).opts<CliOptions>();
    const { cpu, cores, memoryGiB, node } = readEnvironment();
    console.log(`${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}`);
    if (options.only !== 'intake') await measureThroughput(signal);
    if (options.only !== 'throughput') await measureIntake({ ...options, signal });
    return 0;
  } catch (error) {
    // commander has already said what is wrong, or shown its help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (signal.aborted) return 130;
    console.error(error);
    return 1;
  }
}

const [part, settings] = process.argv.slice(2);
if (part === 'instance') await runInstance(JSON.parse(settings!) as SlowFollower);
else process.exitCode = await main(process.argv.slice(2));
