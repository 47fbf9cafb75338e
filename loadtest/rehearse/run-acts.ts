import type { PlannedAct } from './plan.ts';
import type { Progress } from './progress.ts';
import type { ActResult } from './result.ts';

export interface RunActsOptions {
  /** Acts that were finished before, the first ones of the plan. */
  readonly finished: readonly ActResult[];
  readonly progress: Progress;
  readonly hasTime: () => boolean;
  readonly run: (act: PlannedAct) => Promise<ActResult>;
}

/**
 * Runs the acts that are not finished yet, one after the other, and resolves with all there are. One that was cut
 * short is judged and not kept: the next rehearsal strikes all of it again, else its missing strikes were never made.
 */
export async function runActs(plan: Iterable<PlannedAct>, options: RunActsOptions): Promise<ActResult[]> {
  const { finished, progress, hasTime, run } = options;
  const acts = [...finished];
  for (const act of plan) {
    if (act.number <= finished.length) continue;
    if (!hasTime()) break;
    const result = await run(act);
    acts.push(result);
    if (result.strikes.length < act.strikes.length) break;
    await progress.write(acts);
    // What does not come back does not come back for the next strike either.
    if (result.strikes.some(({ recovery }) => recovery.allMs === null)) break;
  }
  return acts;
}
