import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { readEnvironment } from '../report/environment.ts';
import { runBench } from '../run-bench.ts';
import { wholeNumber } from '../whole-number.ts';
import { startArena } from './arena.ts';
import { takeTurns } from './bench.ts';
import { type ChildPart, runChild } from './child.ts';
import { type Contestant, contestants } from './figure.ts';
import { drawPicture } from './result/picture.ts';
import { type BenchResult, summarise } from './result/summary.ts';
import { formatResult } from './result/table.ts';

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
    .option('--seconds <n>', 'measured in each turn', wholeNumber(1, 600), 6)
    .option('--warmup-seconds <n>', 'before that', wholeNumber(1, 60), 2)
    .option('--only <names>', `some of ${contestants.join(',')}`, contestantList, all)
    .option('--out <dir>', 'folder of the results', 'results')
    .option('--save-picture', 'write docs/bench.svg')
    .option('--check', 'exit with 1 when a ratio is below its floor');
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

async function main(options: CliOptions, signal: AbortSignal): Promise<boolean> {
  const { auditsPassed, ratios } = await bench(options, signal);
  return auditsPassed && !(options.check && ratios.some(({ met }) => !met));
}

const [first, name = ''] = process.argv.slice(2);
const part = first === 'part' ? parts[name] : undefined;
if (part) await runChild(await part());
else process.exitCode = await runBench(createProgram(), process.argv.slice(2), main);
