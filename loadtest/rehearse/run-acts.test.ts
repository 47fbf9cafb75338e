import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Fault } from './fault.ts';
import { settle } from './options.ts';
import { type PlannedAct, planActs } from './plan.ts';
import { keepProgress, noProgress } from './progress.ts';
import type { ActResult } from './result.ts';
import { runActs } from './run-acts.ts';
import { reasonsAgainst } from './verdict.ts';

const fault: Fault = {
  name: 'nothing',
  summary: 'nothing happens',
  strikes: 25,
  bound: 'role',
  strike: async () => ({ did: 'nothing' }),
};
const settings = settle({ full: true, seed: 1 }, [fault], {});

/** Strikes as an act does: none begins when the time is up. */
function strikeUntil(hasTime: () => boolean, allMs: number | null = 100) {
  const struck: number[] = [];
  const run = async (act: PlannedAct): Promise<ActResult> => {
    const strikes = [];
    for (const { number } of act.strikes) {
      if (!hasTime()) break;
      struck.push(number);
      const refusals = { later: 0, laterMedianMs: null };
      strikes.push({
        number,
        fault: fault.name,
        violations: [],
        recovery: { allMs },
        boundMs: 5_000,
        refusals,
      });
      if (allMs === null) break;
    }
    return { number: act.number, strikes, violations: [], memory: [] } as unknown as ActResult;
  };
  return { run, struck };
}

it('an act that time cut short is struck again, and the rehearsal is a GO only with all of its strikes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-acts-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const progress = keepProgress(join(folder, 'unfinished.json'), settings, 'build');

  const evening = strikeUntil(() => evening.struck.length < 13);
  const first = await runActs(planActs(settings), {
    finished: [],
    progress,
    hasTime: () => evening.struck.length < 13,
    run: evening.run,
  });
  expect(reasonsAgainst(first, settings)).toEqual(['only 13 of 25 strikes were made']);

  const finished = await progress.read();
  expect(finished.map(({ number }) => number)).toEqual([1]);
  const night = strikeUntil(() => true);
  const all = await runActs(planActs(settings), { finished, progress, hasTime: () => true, run: night.run });
  expect(night.struck).toEqual(Array.from({ length: 15 }, (_, index) => 11 + index));
  expect(all.map(({ strikes }) => strikes.length)).toEqual([10, 10, 5]);
  expect(reasonsAgainst(all, settings)).toEqual([]);
});

it('what did not recover is not struck again by the act after it', async () => {
  const broken = strikeUntil(() => true, null);
  const options = { finished: [], progress: noProgress, hasTime: () => true, run: broken.run };
  await runActs(planActs(settings), options);
  expect(broken.struck).toEqual([1]);
});
