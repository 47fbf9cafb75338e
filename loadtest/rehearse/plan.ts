import { createRandom } from '../random.ts';
import type { Fault } from './fault.ts';

/** One strike, as the seed has it. */
export interface PlannedStrike {
  /** Counted from 1 over the whole rehearsal. */
  readonly number: number;
  readonly fault: Fault;
  /** Orders that have been sent in the act when it strikes. */
  readonly atOrder: number;
}

/** Up to ten strikes in a sale of their own, and an audit. */
export interface PlannedAct {
  /** Counted from 1. */
  readonly number: number;
  readonly strikes: readonly PlannedStrike[];
  /** Orders that are sent at least. */
  readonly orders: number;
}

export interface PlanOptions {
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly ordersPerSecond: number;
  /** `rounds`: each fault strikes once a round. `share`: of the strikes of the full count, at least one each. */
  readonly length: { readonly rounds: number } | { readonly share: number };
}

const strikesPerAct = 10;
/** Choices that belong to no strike are drawn from cases beyond all strikes. */
const orderCase = 1_000_000_000;

/** The acts of a rehearsal. They follow from the options alone; those of endless rounds have no end. */
export function* planActs(options: PlanOptions): Generator<PlannedAct> {
  const { seed, ordersPerSecond } = options;
  let number = 0;
  let act: PlannedStrike[] = [];
  let actNumber = 0;
  const close = (): PlannedAct => {
    const strikes = act;
    act = [];
    return { number: ++actNumber, strikes, orders: strikes.at(-1)!.atOrder + ordersPerSecond };
  };
  for (const fault of order(options)) {
    number += 1;
    const gap = Math.ceil(
      ordersPerSecond * (1 + createRandom(seed, orderCase - number).below(1_000) / 1_000),
    );
    act.push({ number, fault, atOrder: (act.at(-1)?.atOrder ?? 0) + gap });
    if (act.length === strikesPerAct) yield close();
  }
  if (act.length > 0) yield close();
}

/** Strikes in all; `Infinity` where rounds have no end. */
export function strikesIn({ faults, length }: Pick<PlanOptions, 'faults' | 'length'>): number {
  if ('rounds' in length) return faults.length * length.rounds;
  return faults.reduce((sum, fault) => sum + strikesOf(fault, length.share), 0);
}

function* order({ seed, faults, length }: PlanOptions): Generator<Fault> {
  if ('share' in length) {
    const all = faults.flatMap((fault) =>
      Array.from({ length: strikesOf(fault, length.share) }, () => fault),
    );
    yield* shuffled(all, seed, orderCase);
    return;
  }
  for (let round = 0; round < length.rounds; round++) yield* shuffled(faults, seed, orderCase + round);
}

function strikesOf({ strikes }: Fault, share: number): number {
  return Math.max(1, Math.round(strikes * share));
}

/** Fisher and Yates. */
function shuffled(faults: readonly Fault[], seed: number, caseNumber: number): Fault[] {
  const random = createRandom(seed, caseNumber);
  const list = [...faults];
  for (let at = list.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [list[at], list[other]] = [list[other]!, list[at]!];
  }
  return list;
}
