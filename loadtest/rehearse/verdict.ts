import type { Fault } from './fault.ts';
import { quantile } from './load/refusals.ts';
import { boundsMs } from './nemesis.ts';
import type { Settings } from './options.ts';
import { strikesIn } from './plan.ts';
import type { ActResult, FaultRow, RoleMemory, StrikeResult } from './result.ts';

/** Most of the 503s that come once the first ones have waited for the confirm timeout: the breaker answers them. */
const breakerMs = 50;
/** Fewer than this came between two failures, with the breaker closed. */
const fewRefusals = 20;
/**
 * What a process may hold under fire over what it held before. V8's new space fills to a multiple of its semi-space
 * of 64 MiB (`src/start`) before it is collected; requests that pile up through an outage would go beyond that.
 */
const growthMiB = 64;

/** What a rehearsal was to show. */
export type Asked = Pick<Settings, 'faults' | 'length' | 'boundsJudged'>;

/** The rule of three: N trials without a failure bound its rate by 3/N, with 95 % confidence. */
export function atMostAfter(strikes: number): number {
  return Math.min(1, 3 / strikes);
}

/**
 * One row per fault that was asked for. A violation that only the audit or the answers of an act show counts for
 * every strike of that act: nobody knows which it was.
 */
export function tableOf(faults: readonly Fault[], acts: readonly ActResult[]): FaultRow[] {
  return faults.map((fault) => {
    const mine = acts.flatMap((act) =>
      act.strikes
        .filter((strike) => strike.fault === fault.name)
        .map((strike) => ({ strike, broken: strike.violations.length > 0 || act.violations.length > 0 })),
    );
    const times = mine.map(({ strike }) => strike.recovery.allMs ?? Number.POSITIVE_INFINITY);
    const violations = mine.filter(({ broken }) => broken).length;
    return {
      fault: fault.name,
      strikes: mine.length,
      violations,
      medianMs: finite(quantile(times, 0.5)),
      worstMs: finite(quantile(times, 1)),
      boundMs: boundsMs[fault.bound],
      late: mine.filter(({ strike }) => isLate(strike)).length,
      atMost: violations === 0 && mine.length > 0 ? atMostAfter(mine.length) : null,
    };
  });
}

export function strikesMade(acts: readonly ActResult[]): number {
  return acts.reduce((sum, act) => sum + act.strikes.length, 0);
}

/** Why it is a NO-GO; none where it is a GO. Bounds count only where they are judged. */
export function reasonsAgainst(acts: readonly ActResult[], asked: Asked): string[] {
  const { boundsJudged } = asked;
  const strikes = acts.flatMap((act) => act.strikes);
  const named = ({ number, fault }: StrikeResult) => `strike ${number} (${fault})`;
  return [
    ...notShown(acts, asked),
    ...acts.flatMap((act) => act.violations.map((violation) => `act ${act.number}: ${violation}`)),
    ...strikes.flatMap((strike) => strike.violations.map((violation) => `${named(strike)}: ${violation}`)),
    ...strikes
      .filter((strike) => boundsJudged && isLate(strike) && strike.recovery.allMs !== null)
      .map(
        (strike) =>
          `${named(strike)}: recovered after ${(strike.recovery.allMs! / 1_000).toFixed(1)} s, bound ${strike.boundMs / 1_000} s`,
      ),
    ...strikes
      .filter((strike) => boundsJudged && isSlowToRefuse(strike))
      .map(
        (strike) =>
          `${named(strike)}: half of the later 503s took over ${Math.round(strike.refusals.laterMedianMs!)} ms, bound ${breakerMs} ms`,
      ),
    ...acts.flatMap((act) =>
      act.memory
        .filter((role) => boundsJudged && hasGrown(role))
        .map(
          ({ label, beforeMiB, duringMiB }) =>
            `act ${act.number}: ${label} grew from ${beforeMiB} to ${duringMiB} MiB under fire, bound ${growthMiB} MiB more`,
        ),
    ),
  ];
}

/**
 * A GO is for all that was asked for, whatever cut it short: every strike where they have a number, and one of each
 * fault where rounds have no end.
 */
function notShown(acts: readonly ActResult[], { faults, length }: Asked): string[] {
  const made = strikesMade(acts);
  if (made === 0) return ['no fault struck: nothing was shown'];
  const total = strikesIn({ faults, length });
  const struck = new Set(acts.flatMap((act) => act.strikes.map(({ fault }) => fault)));
  const missing = faults.map(({ name }) => name).filter((name) => !struck.has(name));
  return [
    ...(Number.isFinite(total) && made < total ? [`only ${made} of ${total} strikes were made`] : []),
    ...(missing.length > 0 ? [`never struck, and nothing shown of it: ${missing.join(', ')}`] : []),
  ];
}

function isLate({ recovery, boundMs }: StrikeResult): boolean {
  return recovery.allMs === null || recovery.allMs > boundMs;
}

function isSlowToRefuse({ refusals: { later, laterMedianMs } }: StrikeResult): boolean {
  return later >= fewRefusals && laterMedianMs !== null && laterMedianMs > breakerMs;
}

function hasGrown({ beforeMiB, duringMiB }: RoleMemory): boolean {
  return beforeMiB !== null && duringMiB !== null && duringMiB > beforeMiB + growthMiB;
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? Math.round(value) : null;
}
