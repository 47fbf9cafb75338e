import type { TenthOfSecond } from '../../order/ports/audit.ts';
import type { CapHistory } from './cap-history.ts';
import { type AuditCheck, createCheck } from './report.ts';

/** Promise 5: while there is a backlog, at least this part of the cap is used. */
const minUsedRatio = 0.97;
/** Fewer seconds with a backlog are not judged: one late batch would weigh too much. */
const minSeconds = 5;

export interface CapUse {
  readonly usedRatio: number | null;
  readonly backlogSeconds: number;
  readonly stalledSeconds: number;
  readonly databaseBoundSeconds: number;
}

/** One calendar second with a backlog throughout, and one cap. */
interface BacklogSecond {
  readonly second: number;
  readonly cap: number;
  /** Orders settled in each tenth. */
  readonly settled: readonly number[];
  /** Microseconds for which the database was at work on batches; `undefined`: not on record. */
  readonly busyUs: number | undefined;
}

/**
 * How much of the cap was used while there was a backlog: in calendar seconds in which more than two batches were
 * waiting throughout, under one cap. Waiting is counted from the orders themselves: accepted and not yet settled.
 *
 * The first and the last second of each run of such seconds are left out. So are seconds in which draining stood
 * still (the ledger or the drainers were away; nothing settled for half a second and five batches), and the
 * seconds at both sides of them: they are counted apart, for that is no matter of pace. And so are seconds in which
 * the database, at the speed at which it did its work on the batches, could not have written what the cap allows even
 * without a pause between them.
 */
export async function checkCapUse(
  pages: AsyncIterable<readonly TenthOfSecond[]>,
  caps: CapHistory,
  burstOrders: (ordersPerSecond: number) => number,
): Promise<{ check: AuditCheck; use: CapUse }> {
  const check = createCheck('cap-used', 5);
  const total = { settled: 0, allowed: 0, seconds: 0, stalled: 0, bound: 0 };
  let waiting = 0;
  let run: BacklogSecond[] = [];
  let current:
    | { second: number; accepted: number[]; settled: number[]; busyUs: number | undefined }
    | undefined;

  function endRun(): void {
    const judged = judgeRun(run);
    total.stalled += judged.stalled;
    total.bound += judged.bound;
    for (const { cap, settled } of judged.steady) {
      total.settled += sum(settled);
      total.allowed += cap;
      total.seconds += 1;
    }
    run = [];
  }

  function endSecond(
    second: number,
    accepted: readonly number[],
    settled: readonly number[],
    busyUs?: number,
  ): void {
    const cap = caps.steadyCap(second);
    const enough = 2 * burstOrders(cap ?? 1);
    let backlog = cap !== undefined;
    for (let i = 0; i < 10; i++) {
      // What arrives within a tenth counts after it: the least that can have been waiting.
      if (waiting - settled[i]! <= enough) backlog = false;
      waiting += accepted[i]! - settled[i]!;
    }
    if (backlog) run.push({ second, cap: cap!, settled, busyUs });
    else endRun();
  }

  const nothing: readonly number[] = Array.from({ length: 10 }, () => 0);
  function advanceTo(second: number): void {
    if (current) {
      endSecond(current.second, current.accepted, current.settled, current.busyUs);
      for (let gap = current.second + 1; gap < second; gap++) {
        endSecond(gap, nothing, nothing);
        // Nothing waits, or nothing is drained for long: the rest of the gap says no more.
        if (run.length === 0) break;
        if (gap - current.second > longestGapSeconds) {
          total.stalled += second - gap - 1;
          endRun();
          break;
        }
      }
    }
    current = { second, accepted: [...nothing], settled: [...nothing], busyUs: undefined };
  }

  for await (const page of pages) {
    for (const { tenth, accepted, settled, busyUs } of page) {
      const second = Math.floor(tenth / 10);
      if (current?.second !== second) advanceTo(second);
      const at = Math.round(tenth - second * 10);
      current!.accepted[at] = accepted;
      current!.settled[at] = settled;
      current!.busyUs = busyUs;
    }
  }
  if (current) endSecond(current.second, current.accepted, current.settled, current.busyUs);
  endRun();

  check.look(total.seconds);
  const usedRatio = total.seconds === 0 ? null : total.settled / total.allowed;
  if (usedRatio !== null && total.seconds >= minSeconds && usedRatio < minUsedRatio) {
    check.offend({
      settledOrders: total.settled,
      allowedOrders: total.allowed,
      usedRatio: Number(usedRatio.toFixed(4)),
      backlogSeconds: total.seconds,
    });
  }
  const use = {
    usedRatio,
    backlogSeconds: total.seconds,
    stalledSeconds: total.stalled,
    databaseBoundSeconds: total.bound,
  };
  return {
    check: check.done(
      (n) =>
        n < minSeconds
          ? `${n} seconds with a backlog: fewer than ${minSeconds} are not judged`
          : `${percent(usedRatio!)} of the cap was used in ${n} seconds with a backlog`,
      () => `only ${percent(usedRatio!)} of the cap was used in ${total.seconds} seconds with a backlog`,
    ),
    use,
  };
}

const longestGapSeconds = 60;

/**
 * Splits a run where draining stood still, and leaves out the first and last second of each piece, and those that
 * were beyond the database.
 */
function judgeRun(run: readonly BacklogSecond[]): {
  steady: BacklogSecond[];
  stalled: number;
  bound: number;
} {
  const stalled = new Set<number>();
  let since = 0;
  run.forEach(({ cap, settled }, place) => {
    const stallTenths = Math.max(5, Math.ceil(50 / cap));
    settled.forEach((orders, i) => {
      const tenth = place * 10 + i;
      if (orders > 0) since = tenth + 1;
      else if (tenth + 1 - since >= stallTenths) {
        for (let t = since; t <= tenth; t += 1) stalled.add(Math.floor(t / 10));
      }
    });
  });
  const inside = (place: number) => place >= 0 && place < run.length && !stalled.has(place);
  const steady = run.filter((_, place) => inside(place - 1) && inside(place) && inside(place + 1));
  const within = steady.filter((one) => !isDatabaseBound(one));
  return { steady: within, stalled: stalled.size, bound: steady.length - within.length };
}

function isDatabaseBound({ cap, settled, busyUs }: BacklogSecond): boolean {
  return busyUs !== undefined && sum(settled) * 1_000_000 < cap * busyUs;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}
