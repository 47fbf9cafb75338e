import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { ForeignTargetError } from './instance/target-guard.ts';
import { parseTrace } from './profile/trace.ts';
import { NoResultError, readEarlierResult } from './report/comparison.ts';
import { formatVerdict } from './report/verdict-table.ts';
import { type RunOptions, runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';
import { wholeNumber } from './whole-number.ts';

const EXIT_PASSED = 0;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

/** What the command takes from the process that runs it. */
export interface World {
  /** Path of the compiled `sluice` command. */
  readonly sluiceCli: string;
  /** Where a running instance is looked for. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted when the user has had enough. */
  readonly signal: AbortSignal;
}

interface CliOptions {
  rate?: number;
  peak?: number;
  seconds?: number;
  stock?: number;
  cap?: number;
  target: URL[];
  ops?: URL;
  warmupSeconds: number;
  gateways?: number;
  drainers?: number;
  trace?: string;
  compare?: string;
  outageSeconds?: number;
  out: string;
  keepSale?: true;
  json?: true;
  iOwnThisTarget?: true;
}

/** What the caller typed does not fit. */
class UsageError extends Error {
  readonly code = 'USAGE';
}

function createProgram({ stdout, stderr }: World): Command {
  const program = new Command('loadtest')
    .description('Runs a load scenario against Sluice, audits what was sold, and writes a report.')
    .argument('<scenario>', 'one of those below')
    .option('--rate <orders/s>', 'the highest rate offered', wholeNumber(1, 100_000))
    .option('--peak <orders/s>', 'the same, for a replay', wholeNumber(1, 100_000))
    .option('--seconds <n>', 'length of the load', wholeNumber(1, 86_400))
    .option(
      '--warmup-seconds <n>',
      'rising to the full rate; left out of the latencies',
      wholeNumber(0, 3_600),
      5,
    )
    .option('--stock <pieces>', 'pieces on sale', wholeNumber(0, 1_000_000_000))
    .option('--cap <orders/s>', 'sets the drain cap for the run', wholeNumber(1, 1_000_000))
    .option('--target <url>', 'a gateway; repeatable (default: the running instance)', addUrl, [])
    .option('--ops <url>', 'the ops role behind them, where none runs here', readUrl)
    .option('--gateways <n>', 'of an instance that is started for the run', wholeNumber(1, 64))
    .option('--drainers <n>', 'of an instance that is started for the run', wholeNumber(1, 64))
    .option('--trace <file>', 'CSV of a time and a count per row, for a replay')
    .option('--compare <file>', 'the JSON file of an earlier run, to hold this one against in the report')
    .option('--outage-seconds <n>', 'how long the mail server is dead, for follow-ons', wholeNumber(0, 3_600))
    .option('--out <dir>', 'folder of the results', 'results')
    .option('--keep-sale', 'leave the sale of the run in place')
    .option('--json', 'print the result as JSON on standard output')
    .option('--i-own-this-target', 'allow a target that is not on this machine')
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
    })
    .exitOverride();
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  const list = scenarios.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n');
  return program.addHelpText('after', `\nScenarios:\n${list}`);
}

function readUrl(text: string): URL {
  if (!URL.canParse(text) || !/^https?:/i.test(text))
    throw new InvalidArgumentError('It must be an HTTP URL.');
  return new URL(text);
}

const addUrl = (text: string, urls: readonly URL[]): URL[] => [...urls, readUrl(text)];

async function readOptions(scenario: Scenario, options: CliOptions, world: World): Promise<RunOptions> {
  const { rate, peak, seconds, stock, cap, gateways, drainers, trace: file } = options;
  if (scenario.needsTrace && file === undefined) throw new UsageError(`${scenario.name} needs --trace FILE`);
  if (!scenario.needsTrace && (file ?? peak) !== undefined) {
    throw new UsageError('--trace and --peak are for the scenario replay');
  }
  if (scenario.companion && options.target.length > 0) {
    throw new UsageError(`${scenario.name} starts an instance of its own: leave --target out`);
  }
  if (options.ops && options.target.length === 0) throw new UsageError('--ops is for --target');
  if (!scenario.companion && options.outageSeconds !== undefined) {
    throw new UsageError('--outage-seconds is for the scenario follow-ons');
  }
  const trace = file === undefined ? undefined : await readTrace(file);
  const earlier = options.compare === undefined ? undefined : await readEarlierResult(options.compare);
  return {
    ...defined({ rate: peak ?? rate, seconds, stock, cap, gateways, drainers, trace, earlier }),
    ...defined({ databaseUrl: world.env.DATABASE_URL }),
    ...defined({ outageSeconds: options.outageSeconds, ops: options.ops }),
    warmupSeconds: options.warmupSeconds,
    targets: options.target,
    ownsTargets: options.iOwnThisTarget ?? false,
    out: resolve(options.out),
    keepSale: options.keepSale ?? false,
    command: { cli: world.sluiceCli, folder: world.folder, env: world.env },
    signal: world.signal,
    output: options.json ? world.stderr : world.stdout,
  };
}

async function readTrace(file: string): Promise<number[]> {
  try {
    return parseTrace(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`--trace ${file}: ${(error as Error).message}`);
  }
}

function defined<T extends object>(values: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const kept = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [Key in keyof T]?: Exclude<T[Key], undefined> };
}

/**
 * Runs the command with the words behind its name.
 * Resolves with the exit code: 0 passed, 1 failed, 2 bad usage or a foreign target, 130 interrupted.
 */
export async function loadtest(args: readonly string[], world: World): Promise<number> {
  const { stdout, stderr, signal } = world;
  try {
    const program = createProgram(world).parse(args, { from: 'user' });
    const scenario = scenarios.find(({ name }) => name === program.args[0]);
    if (scenario === undefined) throw new UsageError(`there is no scenario ${program.args[0]}; see --help`);
    const given = program.opts<CliOptions>();
    const options = await readOptions(scenario, given, world);
    const { result, files } = await runScenario(scenario, options);
    options.output.write(`\n${formatVerdict(result.thresholds)}\n\n`);
    options.output.write(`${scenario.name} ${result.passed ? 'passed' : 'FAILED'}\n${files.html}\n`);
    if (given.json) stdout.write(`${JSON.stringify(result)}\n`);
    return result.passed ? EXIT_PASSED : EXIT_FAILED;
  } catch (error) {
    // commander has already said what is wrong, or shown its help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_PASSED : EXIT_USAGE;
    if (signal.aborted) return EXIT_INTERRUPTED;
    stderr.write(`${(error as Error).message}\n`);
    const isUsage = [UsageError, ForeignTargetError, NoResultError].some((kind) => error instanceof kind);
    return isUsage ? EXIT_USAGE : EXIT_FAILED;
  }
}
