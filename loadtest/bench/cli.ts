import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { readEnvironment } from '../report/environment.ts';
import { wholeNumber } from '../whole-number.ts';
import { startArena } from './arena.ts';
import { takeTurns } from './bench.ts';
import { type ChildPart, runChild } from './child.ts';
import { type Contestant, contestants } from './figure.ts';
import { drawPicture } from './result/picture.ts';
import { type BenchResult, summarise } from './result/summary.ts';
import { formatResult } from './result/table.ts';

const EXIT_PASSED = 0;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

interface CliOptions {
  rounds: number;
  seconds: number;
  warmupSeconds: number;
  only: readonly Contestant[];
  out: string;
  savePicture?: true;
  check?: true;
}

/** What the bench starts in processes of their own: this file again, with the name of the part. */
const parts: Readonly<Record<string, () => Promise<ChildPart<never>>>> = {
  load: async () => (await import('./load/load-process.ts')).loadPart,
  bare: async () => (await import('./rivals/bare-server.ts')).bareServerPart,
  postgres: async () => (await import('./rivals/postgres-server.ts')).postgresServerPart,
  'bullmq-server': async () => (await import('./rivals/bullmq-server.ts')).bullmqServerPart,
  'bullmq-worker': async () => (await import('./rivals/bullmq-worker.ts')).bullmqWorkerPart,
};

function createProgram(): Command {
  const all: readonly Contestant[] = contestants;
  return new Command('bench')
    .description(
      'Measures Sluice against bare Fastify, one transaction per request, and BullMQ, in turns on private servers.',
    )
    .option('--rounds <n>', 'turns of each', wholeNumber(1, 100), 3)
    .option('--seconds <n>', 'measured in each turn', wholeNumber(1, 600), 8)
    .option('--warmup-seconds <n>', 'before that', wholeNumber(1, 60), 2)
    .option('--only <names>', `some of ${contestants.join(',')}`, contestantList, all)
    .option('--out <dir>', 'folder of the results', 'results')
    .option('--save-picture', 'write docs/bench.svg')
    .option('--check', 'exit with 1 when a ratio is below its floor')
    .exitOverride();
}

function contestantList(text: string): readonly Contestant[] {
  return text.split(',').map((name) => {
    const found = contestants.find((contestant) => contestant === name);
    if (found === undefined) throw new InvalidArgumentError(`There is no ${name}.`);
    return found;
  });
}

async function bench(options: CliOptions, signal: AbortSignal): Promise<BenchResult> {
  const { rounds, seconds, warmupSeconds, only } = options;
  const say = (line: string) => console.log(line);
  const started = new Date();
  const name = `bench-${started.toISOString().slice(0, 19).replaceAll(':', '-')}`;
  const out = resolve(options.out);
  await mkdir(out, { recursive: true });

  say('Starting Sluice, its servers, and the alternatives');
  const cli = fileURLToPath(new URL('../../src/cli.js', import.meta.url));
  const arena = await startArena({ cli, env: process.env, logFile: join(out, `${name}.log`), signal });
  try {
    const turns = await takeTurns(arena, { rounds, seconds, warmupSeconds, only, say, signal });
    const result: BenchResult = {
      startedAt: started.toISOString(),
      environment: readEnvironment(),
      settings: { rounds, seconds, warmupSeconds },
      ...summarise(turns),
    };
    const file = join(out, `${name}.json`);
    await writeFile(file, `${JSON.stringify(result, undefined, 2)}\n`);
    say(`\n${formatResult(result)}\n\n${file}`);
    if (options.savePicture) {
      const picture = resolve('docs', 'bench.svg');
      await writeFile(picture, drawPicture(result));
      say(picture);
    }
    return result;
  } finally {
    await arena.stop();
  }
}

async function main(args: readonly string[]): Promise<number> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => interrupted.abort(new Error('interrupted')));
  try {
    const options = createProgram().parse(args, { from: 'user' }).opts<CliOptions>();
    const result = await bench(options, interrupted.signal);
    if (!result.auditsPassed) return EXIT_FAILED;
    return options.check && result.ratios.some(({ met }) => !met) ? EXIT_FAILED : EXIT_PASSED;
  } catch (error) {
    // commander has already said what is wrong, or shown its help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_PASSED : EXIT_USAGE;
    if (interrupted.signal.aborted) return EXIT_INTERRUPTED;
    console.error(error);
    return EXIT_FAILED;
  }
}

const [first, name = ''] = process.argv.slice(2);
const part = first === 'part' ? parts[name] : undefined;
if (part) await runChild(await part());
else process.exitCode = await main(process.argv.slice(2));
