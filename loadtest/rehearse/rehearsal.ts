import { readEnvironment } from '../report/environment.ts';
import { runAct } from './act.ts';
import { digestBuild } from './build-digest.ts';
import { startInstance } from './instance/instance.ts';
import { watchLedger } from './ledger-watch.ts';
import type { Settings } from './options.ts';
import { type PlannedAct, type PlanOptions, planActs, strikesIn } from './plan.ts';
import { keepProgress, noProgress } from './progress.ts';
import type { RehearsalResult } from './result.ts';
import { runActs } from './run-acts.ts';
import { reasonsAgainst, strikesMade, tableOf } from './verdict.ts';
import type { RehearseWorld } from './world.ts';

export interface RehearsalWorld extends RehearseWorld {
  /** Of this rehearsal's own. */
  readonly folder: string;
  readonly runId: string;
  /** Acts of this build that were finished before are read from it, and each further one is added. */
  readonly resumeFile?: string;
  readonly say: (line: string) => void;
}

/** The setting of the roles, or its default: the first 503s of a dead broker take so long. */
const defaultConfirmTimeoutMs = 2_000;

/**
 * Starts an instance, runs act after act, and judges.
 *
 * @throws ServiceError, SluiceCommandError; the signal's reason
 */
export async function rehearse(settings: Settings, world: RehearsalWorld): Promise<RehearsalResult> {
  const { folder, say, signal } = world;
  const startedMs = performance.now();
  const startedAt = new Date().toISOString();
  const plan: PlanOptions = settings;
  const progress = world.resumeFile
    ? keepProgress(world.resumeFile, settings, await digestBuild(world.cli))
    : noProgress;
  const finished = await progress.read();
  const total = strikesIn(plan);
  say(
    `rehearsal with seed ${settings.seed}: ${Number.isFinite(total) ? total : 'endless'} strikes of ${settings.faults.length} faults` +
      (finished.length > 0 ? `, going on after act ${finished.length}` : ''),
  );
  const instance = await startInstance({
    ...world,
    gateways: settings.gateways,
    drainers: settings.drainers,
    given: settings.given,
    log: say,
  });
  const ledger = watchLedger(instance.urls.databaseUrl);
  try {
    say(
      `instance: ${instance.roles.map(({ label }) => label).join(', ')}; its run file: ${folder}/.sluice/run.json`,
    );
    const hasTime = () => performance.now() - startedMs < settings.minutes * 60_000;
    const run = (act: PlannedAct) =>
      runAct(act, {
        ...settings,
        instance,
        runId: world.runId,
        folder,
        confirmTimeoutMs: Number(world.env.CONFIRM_TIMEOUT_MS ?? defaultConfirmTimeoutMs),
        ledger,
        hasTime,
        say,
        signal,
      });
    const acts = await runActs(planActs(plan), { finished, progress, hasTime, run });
    signal.throwIfAborted();
    if (strikesMade(acts) >= total) await progress.forget();
    const reasons = reasonsAgainst(acts, settings);
    return {
      go: reasons.length === 0,
      reasons,
      seed: settings.seed,
      faults: settings.faults.map(({ name }) => name),
      full: settings.full,
      ordersPerSecond: settings.ordersPerSecond,
      gateways: settings.gateways,
      drainers: settings.drainers,
      privateServices: settings.given === undefined,
      boundsJudged: settings.boundsJudged,
      startedAt,
      seconds: Math.round((performance.now() - startedMs) / 1_000),
      table: tableOf(settings.faults, acts),
      acts,
      environment: readEnvironment(),
    };
  } finally {
    await ledger.close();
    await instance.stop();
  }
}
