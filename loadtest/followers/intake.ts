import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startChild } from '../bench/child.ts';
import { cpuPerOrder, type Processes, readCpuTimes, sluiceProcesses } from '../bench/cpu-time.ts';
import { median } from '../bench/result/summary.ts';
import { committedOrders, untilCommitted } from '../bench/sale-progress.ts';
import { driveOpenLoop } from '../driver/open-loop.ts';
import type { DriveResult } from '../driver/recorder.ts';
import { startFollowers } from '../instance/followers.ts';
import { openLoadSale } from '../instance/load-sale.ts';
import { type OwnInstance, ownEnvironment, startOwnInstance } from '../instance/own-instance.ts';
import { mustRunSluice, type SluiceCommand } from '../instance/sluice-command.ts';
import { hold } from '../profile/rate-profile.ts';
import { LOAD_SKU, PLENTY, WARMUP_SKU } from '../settings.ts';

/** Whose answers are timed: Sluice's with and without followers, and bare Fastify's, which says how quiet it is. */
const contestants = ['without followers', 'with loyalty and ranking', 'bare Fastify'] as const;
type Contestant = (typeof contestants)[number];

interface IntakeOptions {
  readonly rounds: number;
  /** Measured in each turn, behind `warmupSeconds` at the same rate. */
  readonly seconds: number;
  /** Orders/s offered, whatever the answers take. */
  readonly rate: number;
  /** Aborted: no further turn, and the one under way ends. */
  readonly signal: AbortSignal;
}

interface Turn {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** µs of processor per order, of all that runs but the driver. */
  readonly cpuMicros: number;
}

interface Arena {
  readonly command: SluiceCommand;
  readonly ledger: pg.Pool;
  readonly own: OwnInstance;
  readonly bare: { readonly url: string; readonly pid: number };
}

const warmupSeconds = 3;
const liftedCap = 1_000_000;
/** The drain's own default: what is accepted beyond it waits until the turn is over. */
const cap = 2_000;

/**
 * What followers cost the intake of orders: latencies at a rate beyond the cap, in turns with and without two
 * followers at work, so that a change of the machine favours neither.
 *
 * @throws when an order was answered otherwise than with 202
 */
export async function measureIntake(options: IntakeOptions): Promise<void> {
  const { rounds, rate, signal } = options;
  console.log(`\nIntake at ${rate} orders/s while ${cap} a second are drained; ${rounds} rounds, in turn\n`);
  await withArena(signal, async (arena) => {
    const turns = new Map<Contestant, Turn[]>(contestants.map((contestant) => [contestant, []]));
    for (let round = 0; round < rounds; round++) {
      const first = round % contestants.length;
      for (const contestant of [...contestants.slice(first), ...contestants.slice(0, first)]) {
        signal.throwIfAborted();
        const turn = await takeTurn[contestant](arena, options);
        turns.get(contestant)!.push(turn);
        console.log(`round ${round + 1}  ${contestant}: ${cells(turn).join(', ')}`);
      }
    }
    console.log(
      '\n| medians | p50 | p99 | processor, without the driver | p99 : without followers |\n| --- | --- | --- | --- | --- |',
    );
    const base = turns.get('without followers')!;
    for (const [contestant, taken] of turns) {
      const ratio = median(taken.map(({ p99Ms }, i) => p99Ms / base[i]!.p99Ms));
      console.log(`| ${[contestant, ...cells(medianTurn(taken)), ratio.toFixed(2)].join(' | ')} |`);
    }
  });
}

const takeTurn: Readonly<Record<Contestant, (arena: Arena, options: IntakeOptions) => Promise<Turn>>> = {
  'without followers': (arena, options) => sluiceTurn(arena, options),
  async 'with loyalty and ranking'(arena, options) {
    const { amqpUrl, amqpManagementUrl } = arena.own.runFile;
    const followers = await startFollowers(arena.command, {
      amqpUrl: amqpUrl!,
      amqpManagementUrl: amqpManagementUrl!,
    });
    try {
      return await sluiceTurn(arena, options, followers.processes);
    } finally {
      await followers.stop();
    }
  },
  'bare Fastify': async ({ bare }, options) =>
    (await drive(new URL(bare.url), 'bench', { bare: bare.pid }, options)).turn,
};

async function sluiceTurn(
  { command, ledger, own }: Arena,
  options: IntakeOptions,
  beside: Processes = {},
): Promise<Turn> {
  const saleId = `intake-${Date.now()}`;
  await openLoadSale(command, { saleId, stock: PLENTY });
  await mustRunSluice(command, ['cap', String(cap)]);
  const processes = { ...sluiceProcesses(own.runFile), ...beside };
  const { turn, result } = await drive(new URL(own.runFile.gatewayUrl), saleId, processes, options);
  await mustRunSluice(command, ['cap', String(liftedCap)]);
  const committed = () => committedOrders(ledger, saleId, LOAD_SKU);
  await untilCommitted(committed, result.measured.orders, options.signal);
  await mustRunSluice(command, ['sale', 'archive', saleId, '--force']);
  return turn;
}

async function drive(
  target: URL,
  saleId: string,
  processes: Processes,
  { rate, seconds, signal }: IntakeOptions,
): Promise<{ turn: Turn; result: DriveResult }> {
  const before = await readCpuTimes(processes);
  const driving = driveOpenLoop({
    targets: [target],
    saleId,
    runPrefix: `intake-${Date.now().toString(36)}`,
    warmup: hold(rate, warmupSeconds),
    profile: hold(rate, seconds),
    wish: (index, warmup) => ({
      sku: warmup ? WARMUP_SKU : LOAD_SKU,
      quantity: 1,
      customerId: `customer-${index}`,
    }),
    copies: 1,
    log: { write: () => {}, close: async () => {} },
    signal,
  });
  const result = await driving.done;
  signal.throwIfAborted();
  const after = await readCpuTimes(processes);
  const orders = result.warmup.orders + result.measured.orders;
  const accepted = result.warmup.outcomes.accepted + result.measured.outcomes.accepted;
  if (accepted !== orders) throw new Error(`of ${orders} orders ${accepted} were accepted`);
  const cpuMicros = Object.values(cpuPerOrder(before, after, orders)).reduce(
    (sum, micros) => sum + micros,
    0,
  );
  const { p50Ms, p99Ms } = result.latency.all;
  return { turn: { p50Ms, p99Ms, cpuMicros }, result };
}

function medianTurn(turns: readonly Turn[]): Turn {
  const of = (read: (turn: Turn) => number) => median(turns.map(read));
  return {
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
    cpuMicros: of(({ cpuMicros }) => cpuMicros),
  };
}

function cells({ p50Ms, p99Ms, cpuMicros }: Turn): string[] {
  return [`${p50Ms.toFixed(1)} ms`, `${p99Ms.toFixed(1)} ms`, `${cpuMicros.toFixed(0)} µs per order`];
}

async function withArena(signal: AbortSignal, work: (arena: Arena) => Promise<void>): Promise<void> {
  const cli = fileURLToPath(new URL('../../src/cli.js', import.meta.url));
  const env = ownEnvironment(process.env);
  const logs = await mkdtemp(join(tmpdir(), 'sluice-intake-'));
  const own = await startOwnInstance({
    ...{ cli, env, gateways: 1, drainers: 1 },
    logFile: join(logs, 'instance.log'),
    signal,
  });
  const ledger = new pg.Pool({ connectionString: own.runFile.databaseUrl, max: 1 });
  const bare = startChild('bare', {});
  try {
    const command = { cli, folder: own.folder, env };
    await work({ command, ledger, own, bare: { url: (await bare.ready)!, pid: bare.pid } });
  } finally {
    await bare.stop();
    await ledger.end();
    await own.stop();
    await rm(logs, { recursive: true, force: true });
  }
}
