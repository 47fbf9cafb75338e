import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { loadavg } from 'node:os';
import type { Companion } from './companion.ts';
import { createOrderLog } from './driver/order-log.ts';
import { attach, type Instance } from './instance/attach.ts';
import { archiveLoadSale, openLoadSale } from './instance/load-sale.ts';
import { mustRunSluice, type SluiceCommand } from './instance/sluice-command.ts';
import type { EarlierResult } from './report/comparison.ts';
import { readEnvironment } from './report/environment.ts';
import type { RunResult } from './report/result.ts';
import { type ResultFiles, resultBaseName, writeResult } from './report/write-result.ts';
import type { Scenario } from './scenario.ts';
import type { Settings } from './settings.ts';
import { startDrive } from './start-drive.ts';
import { auditSale } from './verdict/audit.ts';
import { countLedger, type LedgerCounts } from './verdict/ledger-counts.ts';
import { type Baseline, type Facts, judge } from './verdict/threshold.ts';
import { createProcessWatch } from './watch/process-watch.ts';
import { createSampler } from './watch/sampler.ts';
import { watchDrive } from './watch/watch-drive.ts';

/** What the caller asked for; what is absent is the scenario's default. */
export interface RunOptions {
  readonly rate?: number;
  readonly seconds?: number;
  readonly warmupSeconds: number;
  readonly stock?: number;
  readonly trace?: readonly number[];
  /** Set before the run, restored after it. */
  readonly cap?: number;
  /** How long the mail server is dead, for a scenario that has one. */
  readonly outageSeconds?: number;
  readonly targets: readonly URL[];
  readonly ownsTargets: boolean;
  /** The ops role behind `targets`. */
  readonly ops?: URL;
  readonly gateways?: number;
  readonly drainers?: number;
  /** Folder of the results. */
  readonly out: string;
  readonly keepSale: boolean;
  /** A run to hold this one against in the report. */
  readonly earlier?: EarlierResult;
  readonly command: SluiceCommand;
  /** The ledger to count in, where no run.json names it. */
  readonly databaseUrl?: string;
  readonly signal: AbortSignal;
  /** Where progress goes. */
  readonly output: NodeJS.WriteStream;
}

/**
 * Runs one scenario from a fresh sale to the written result.
 * @throws {ForeignTargetError}, {InstanceStartError}, {SluiceCommandError}; the signal's reason if it was aborted.
 */
export async function runScenario(
  scenario: Scenario,
  options: RunOptions,
): Promise<{ result: RunResult; files: ResultFiles }> {
  const { out, signal } = options;
  const baseName = resultBaseName(out, scenario.name, new Date());
  await mkdir(out, { recursive: true });
  const baseline = await runBaseline(scenario, options, `${baseName}.baseline`);
  const companion = await scenario.companion?.(settle(scenario, options, undefined));
  try {
    const result = await runOnce({ scenario, options, baseName, companion, baseline }, companion?.env);
    signal.throwIfAborted();
    return { result, files: await writeResult(out, baseName, result, options.earlier) };
  } finally {
    await companion?.close();
  }
}

/** What one run is made of. */
interface Run {
  readonly scenario: Scenario;
  readonly options: RunOptions;
  readonly baseName: string;
  readonly companion?: Companion | undefined;
  readonly baseline?: Baseline | undefined;
}

/** The scenario's load on an instance without its companion, for its latencies; nothing of it is kept. */
async function runBaseline(
  scenario: Scenario,
  options: RunOptions,
  baseName: string,
): Promise<Baseline | undefined> {
  if (!scenario.baseline) return undefined;
  const { seconds, env } = scenario.baseline;
  options.output.write('First the same load with nothing beside it\n');
  const { companion: _companion, ...alone } = { ...scenario, thresholds: [] };
  const result = await runOnce({ scenario: alone, options: { ...options, seconds }, baseName }, env);
  return { accepted: result.drive.latency.accepted, seconds };
}

async function runOnce(run: Run, ownEnv: Readonly<Record<string, string>> | undefined): Promise<RunResult> {
  const { scenario, options, baseName } = run;
  const say = (line: string) => options.output.write(`${line}\n`);
  const instance = await attach({
    ...options,
    gateways: options.gateways ?? scenario.defaults.gateways,
    drainers: options.drainers ?? scenario.defaults.drainers,
    ownEnv,
    logFile: `${baseName}.instance.log`,
    say,
  });
  try {
    return await withCap(instance, options.cap ?? scenario.defaults.cap, (cap) =>
      measure(run, instance, cap),
    );
  } finally {
    if (instance.startedHere) say('Stopping the instance');
    await instance.stop();
  }
}

async function withCap<T>(
  instance: Instance,
  wanted: number | undefined,
  run: (cap: number | undefined) => Promise<T>,
): Promise<T> {
  const { runFile, command } = instance;
  const before = await createSampler({ runFile, elapsedSeconds: () => 0 }).sample();
  const current = before.capOrdersPerSecond;
  if (wanted === undefined) return run(current);
  await mustRunSluice(command, ['cap', String(wanted)]);
  try {
    return await run(wanted);
  } finally {
    if (current !== undefined && !instance.startedHere)
      await mustRunSluice(command, ['cap', String(current)]);
  }
}

async function measure(
  { scenario, options, baseName, companion, baseline }: Run,
  instance: Instance,
  cap: number | undefined,
): Promise<RunResult> {
  const { output, signal } = options;
  const { command, targets, startedHere } = instance;
  const settings = settle(scenario, options, cap);
  const run = randomBytes(4).toString('hex');
  const saleId = `load-${scenario.name}-${run}`;
  const { customerLimit } = scenario;
  const say = (line: string) => output.write(`${line}\n`);
  await openLoadSale(command, { saleId, stock: settings.stock, customerLimit });
  say(`${scenario.name}: sale ${saleId} at ${targets.map(({ origin }) => origin).join(', ')}`);

  const [loadBefore = 0] = loadavg();
  const logFile = `${baseName}.orders.ndjson`;
  const log = createOrderLog(logFile);
  const drive = startDrive(scenario, settings, { targets, saleId, runPrefix: `r${run}`, log, signal });
  const sampler = createSampler({
    runFile: instance.runFile,
    elapsedSeconds: () => drive.snapshot().elapsedSeconds,
  });
  const processWatch = createProcessWatch({
    runFile: instance.runFile,
    elapsedSeconds: () => drive.snapshot().elapsedSeconds,
  });
  const beside = new AbortController();
  const besides = companion?.during({ signal: AbortSignal.any([signal, beside.signal]), say });
  if (scenario.notesHoldings) processWatch.start();
  const { result, drained } = await watchDrive(drive, sampler, processWatch, options).finally(() =>
    beside.abort(),
  );
  await besides;
  await log.close();

  const databaseUrl = (await instance.runFile())?.databaseUrl ?? options.databaseUrl;
  const followOns = await companion?.finish({ saleId, databaseUrl, drive: result, say, signal });
  say('Auditing');
  const ledger = await tryCountLedger(databaseUrl, saleId, result.startedAt, say);
  const audit = await auditSale(command, saleId, logFile);
  if (!options.keepSale) await archiveLoadSale(command, saleId, say);
  const samples = sampler.samples();
  const processes = processWatch.series();
  const compared = { ...(followOns ? { followOns } : {}), ...(baseline ? { baseline } : {}) };
  const facts: Facts = {
    settings,
    drive: result,
    samples,
    processes,
    cap,
    drained,
    audit,
    ledger,
    ...compared,
  };
  const thresholds = scenario.thresholds.map((threshold) => judge(threshold, facts));
  const { trace: _, ...kept } = settings;
  return {
    scenario: scenario.name,
    summary: scenario.summary,
    model: scenario.model,
    passed: thresholds.every(({ passed }) => passed),
    saleId,
    settings: kept,
    copies: scenario.copies ?? 1,
    targets: targets.map(({ href }) => href),
    startedHere,
    ...(cap === undefined ? {} : { capOrdersPerSecond: cap }),
    thresholds,
    audit,
    drained,
    ...(ledger === undefined ? {} : { ledger }),
    ...compared,
    drive: result,
    samples,
    processes,
    environment: readEnvironment(loadBefore),
  };
}

function settle(scenario: Scenario, options: RunOptions, cap: number | undefined): Settings {
  const { defaults } = scenario;
  return {
    rate: options.rate ?? rateOf(defaults.rate, cap ?? defaults.cap ?? 2_000),
    seconds: options.seconds ?? defaults.seconds,
    warmupSeconds: options.warmupSeconds,
    stock: options.stock ?? defaults.stock,
    ...(options.outageSeconds === undefined ? {} : { outageSeconds: options.outageSeconds }),
    ...(options.trace ? { trace: options.trace } : {}),
  };
}

function rateOf(rate: Scenario['defaults']['rate'], cap: number): number {
  if (rate === 'half-cap') return Math.max(1, Math.floor(cap / 2));
  return rate === 'over-cap' ? Math.ceil(cap * 1.1) : rate;
}

async function tryCountLedger(
  databaseUrl: string | undefined,
  saleId: string,
  startedAt: string,
  say: (line: string) => void,
): Promise<LedgerCounts | undefined> {
  if (databaseUrl === undefined) return undefined;
  try {
    return await countLedger(databaseUrl, saleId, startedAt);
  } catch (error) {
    say(`The ledger could not be read: ${(error as Error).message}`);
    return undefined;
  }
}
