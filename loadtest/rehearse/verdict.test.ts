import { expect, it } from 'vitest';
import { killRole } from './faults/kill-role.ts';
import type { ActResult, StrikeResult } from './result.ts';
import { type Asked, reasonsAgainst, tableOf } from './verdict.ts';

const fault = killRole('gateway', 100);

function strike(allMs: number | null, violations: readonly string[] = []): StrikeResult {
  return {
    number: 1,
    fault: fault.name,
    atOrder: 100,
    did: 'gateway 1 killed',
    startSecond: 1,
    endSecond: 1,
    recovery: { intakeMs: allMs, drainMs: 100, rolesMs: 100, allMs },
    boundMs: 5_000,
    refusals: {
      unavailable: 0,
      outcomeUnknown: 0,
      broken: 0,
      withoutRetryAfter: 0,
      slowestFirstMs: null,
      later: 0,
      laterMedianMs: null,
      laterP99Ms: null,
      slowestLaterMs: null,
    },
    violations,
  };
}

function act(strikes: readonly StrikeResult[], violations: readonly string[] = []): ActResult {
  return { number: 1, strikes, violations, memory: [] } as unknown as ActResult;
}

/** One strike of the fault, unless more are said to have been asked for. */
function asked(boundsJudged = true, rounds = 1): Asked {
  return { faults: [fault], length: { rounds }, boundsJudged };
}

it('a GO needs strikes, and none of them late or with a violation', () => {
  expect(reasonsAgainst([act([strike(4_900)])], asked())).toEqual([]);
  expect(reasonsAgainst([], asked())).toHaveLength(1);
  expect(reasonsAgainst([act([strike(5_100)])], asked())).toEqual([expect.stringContaining('bound 5 s')]);
  expect(reasonsAgainst([act([strike(100, ['it bled'])])], asked())).toEqual([
    expect.stringContaining('it bled'),
  ]);
  expect(reasonsAgainst([act([strike(100)], ['oversold'])], asked())).toEqual(['act 1: oversold']);
});

it('a GO needs every strike that was asked for, and each fault where rounds have no end', () => {
  const other = killRole('drainer', 100);
  const endless = { ...asked(), length: { rounds: Number.POSITIVE_INFINITY } };
  expect(reasonsAgainst([act([strike(100)])], asked(true, 2))).toEqual(['only 1 of 2 strikes were made']);
  expect(reasonsAgainst([act([strike(100)])], asked(false, 2))).toHaveLength(1);
  expect(reasonsAgainst([act([strike(100)])], endless)).toEqual([]);
  expect(reasonsAgainst([act([strike(100)])], { ...endless, faults: [fault, other] })).toEqual([
    'never struck, and nothing shown of it: kill-drainer',
  ]);
});

it('without bounds a late recovery is no reason, and a violation still is', () => {
  expect(reasonsAgainst([act([strike(5_100)])], asked(false))).toEqual([]);
  expect(reasonsAgainst([act([strike(null, ['not recovered'])])], asked(false))).toHaveLength(1);
});

it('503s that go on waiting while nothing can be taken are a reason, a few slow ones are not', () => {
  const refused = (later: number, laterMedianMs: number): StrikeResult => {
    const calm = strike(100);
    return { ...calm, refusals: { ...calm.refusals, later, laterMedianMs } };
  };
  expect(reasonsAgainst([act([refused(1_000, 49)])], asked())).toEqual([]);
  expect(reasonsAgainst([act([refused(5, 2_000)])], asked())).toEqual([]);
  expect(reasonsAgainst([act([refused(1_000, 51)])], asked())).toEqual([expect.stringContaining('50 ms')]);
  expect(reasonsAgainst([act([refused(1_000, 51)])], asked(false))).toEqual([]);
});

it('a process that grows under fire is a reason', () => {
  const held = (duringMiB: number): ActResult => ({
    ...act([strike(100)]),
    memory: [{ label: 'gateway 1', beforeMiB: 100, duringMiB, afterMiB: 100 }],
  });
  expect(reasonsAgainst([held(160)], asked())).toEqual([]);
  expect(reasonsAgainst([held(170)], asked())).toEqual([expect.stringContaining('gateway 1 grew')]);
  expect(reasonsAgainst([held(170)], asked(false))).toEqual([]);
});

it('the table has the bound that N strikes without a violation give, and none after one', () => {
  const clean = act([strike(1_000), strike(3_000), strike(2_000)]);
  const more = act([strike(1_500), strike(2_500), strike(9_000)]);
  expect(tableOf([fault], [clean, more])).toEqual([
    {
      fault: 'kill-gateway',
      strikes: 6,
      violations: 0,
      medianMs: 2_000,
      worstMs: 9_000,
      boundMs: 5_000,
      late: 1,
      atMost: 0.5,
    },
  ]);
  const broken = act([strike(1_000), strike(null)], ['oversold']);
  expect(tableOf([fault], [clean, broken])).toMatchObject([
    { strikes: 5, violations: 2, worstMs: null, atMost: null },
  ]);
});
