import { Command, Option } from 'commander';
import { describeMachine } from '../report/environment.ts';
import { runBench } from '../run-bench.ts';
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
    .option('--rate <orders/s>', 'of intake: offered', wholeNumber(1, 100_000), 5_000);
}

async function main(options: CliOptions, signal: AbortSignal): Promise<boolean> {
  console.log(describeMachine());
  if (options.only !== 'intake') await measureThroughput(signal);
  if (options.only !== 'throughput') await measureIntake({ ...options, signal });
  return true;
}

const [part, settings] = process.argv.slice(2);
if (part === 'instance') await runInstance(JSON.parse(settings!) as SlowFollower);
else process.exitCode = await runBench(createProgram(), process.argv.slice(2), main);
