import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from '../bench/result/summary.ts';
import { formatNumber } from '../report/verdict-table.ts';
import { type Contestant, startContestant } from './contestant.ts';

export interface GrowthOptions {
  /** Orders in the ledger of the one that has grown. */
  readonly settled: number;
  /** Orders that wait there. */
  readonly waiting: number;
  readonly rounds: number;
  /** Of each measurement. */
  readonly seconds: number;
  readonly signal: AbortSignal;
}

/** Rates of one round, orders/s. */
interface Round {
  readonly accepted: { readonly empty: number; readonly grown: number };
  readonly drained: { readonly empty: number; readonly grown: number };
}

/**
 * How fast orders are taken and drained by an instance that holds many already, against one that holds none; in
 * turns, so that a change of the machine favours neither. And what the processes' memory does while orders pile up.
 *
 * @throws when an order was answered otherwise than with 202, or is not committed in the end
 */
export async function measureGrowth(options: GrowthOptions): Promise<void> {
  const { settled, waiting, rounds, seconds, signal } = options;
  await withContestants(signal, async (empty, grown) => {
    console.log(`writing ${formatNumber(settled)} settled orders`);
    await grown.grow(settled);
    await pileUp(grown, waiting, signal);
    // Both have been under load before they are compared.
    await empty.accept(seconds);
    await empty.drain(60);
    const by = { empty, grown };
    const taken: Round[] = [];
    while (taken.length < rounds) {
      const accepted = await inTurn(taken.length, (which) => by[which].accept(seconds));
      const behind = formatNumber(await grown.waiting());
      const drained = await inTurn(taken.length, (which) => by[which].drain(seconds));
      taken.push({ accepted, drained });
      const told = Object.entries({ accepted, drained }).map(
        ([what, of]) => `${what} ${formatNumber(of.grown)}/s, empty ${formatNumber(of.empty)}/s`,
      );
      console.log(`round ${taken.length}  ${behind} waiting: ${told.join('; ')}`);
    }
    for (const contestant of [empty, grown]) await contestant.drainAll();
    console.log(
      '\n| medians, orders/s | empty | grown | grown : empty, by round |\n| --- | --- | --- | --- |',
    );
    for (const what of ['accepted', 'drained'] as const) {
      const of = (which: 'empty' | 'grown') => formatNumber(median(taken.map((round) => round[what][which])));
      const ratio = median(taken.map((round) => round[what].grown / round[what].empty)).toFixed(2);
      console.log(`| ${[what, of('empty'), of('grown'), ratio].join(' | ')} |`);
    }
  });
}

/** Each round begins with the other one. */
async function inTurn(
  round: number,
  measure: (which: 'empty' | 'grown') => Promise<number>,
): Promise<{ empty: number; grown: number }> {
  if (round % 2 === 1) {
    const grown = await measure('grown');
    return { empty: await measure('empty'), grown };
  }
  const empty = await measure('empty');
  return { empty, grown: await measure('grown') };
}

/** Lets orders wait, and says what that does to memory. */
async function pileUp(grown: Contestant, orders: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    const waiting = await grown.waiting();
    const { gateway, drainer } = await grown.memory();
    console.log(`${formatNumber(waiting)} waiting: gateway ${gateway} MiB, drainer ${drainer} MiB`);
    if (waiting >= orders) return;
    signal.throwIfAborted();
    await grown.accept(5);
  }
}

async function withContestants(
  signal: AbortSignal,
  work: (empty: Contestant, grown: Contestant) => Promise<void>,
): Promise<void> {
  const cli = fileURLToPath(new URL('../../src/cli.js', import.meta.url));
  const logs = await mkdtemp(join(tmpdir(), 'sluice-growth-'));
  const running: Contestant[] = [];
  try {
    for (const name of ['empty', 'grown']) {
      running.push(await startContestant({ cli, logFile: join(logs, `${name}.log`), signal }));
    }
    const [empty, grown] = running;
    await work(empty!, grown!);
  } finally {
    for (const contestant of running) await contestant.stop();
    await rm(logs, { recursive: true, force: true });
  }
}
