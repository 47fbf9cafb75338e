import type { Fault } from './fault.ts';
import { quantile } from './load/refusals.ts';
import { boundsMs } from './nemesis.ts';
import type { ActResult, FaultRow, StrikeResult } from './result.ts';

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

/** Why it is a NO-GO; none where it is a GO. Bounds count only where they are judged. */
export function reasonsAgainst(acts: readonly ActResult[], boundsJudged: boolean): string[] {
  const strikes = acts.flatMap((act) => act.strikes);
  const named = ({ number, fault }: StrikeResult) => `strike ${number} (${fault})`;
  return [
    ...(strikes.length === 0 ? ['no fault struck: nothing was shown'] : []),
    ...acts.flatMap((act) => act.violations.map((violation) => `act ${act.number}: ${violation}`)),
    ...strikes.flatMap((strike) => strike.violations.map((violation) => `${named(strike)}: ${violation}`)),
    ...strikes
      .filter((strike) => boundsJudged && isLate(strike) && strike.recovery.allMs !== null)
      .map(
        (strike) =>
          `${named(strike)}: recovered after ${(strike.recovery.allMs! / 1_000).toFixed(1)} s, bound ${strike.boundMs / 1_000} s`,
      ),
  ];
}

function isLate({ recovery, boundMs }: StrikeResult): boolean {
  return recovery.allMs === null || recovery.allMs > boundMs;
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? Math.round(value) : null;
}
