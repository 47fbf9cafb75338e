import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createOrderLog } from '../driver/order-log.ts';
import type { OutcomeCounts, SecondRow } from '../driver/recorder.ts';
import { archiveLoadSale } from '../instance/load-sale.ts';
import { mustRunSluice } from '../instance/sluice-command.ts';
import { countLedger } from '../verdict/ledger-counts.ts';
import { createSampler, type InstanceSample } from '../watch/sampler.ts';
import { waitForDrain } from '../watch/wait-for-drain.ts';
import { auditAct } from './audit.ts';
import { createContext } from './context.ts';
import type { Instance } from './instance/instance.ts';
import { tellLost } from './instance/lives.ts';
import type { LedgerWatch } from './ledger-watch.ts';
import { watchConduct } from './load/conduct.ts';
import { createCrowd } from './load/crowd.ts';
import { createDesk } from './load/desk.ts';
import { goodsFor } from './load/goods.ts';
import { watchMemory } from './memory.ts';
import { strikeOnce } from './nemesis.ts';
import type { PlannedAct } from './plan.ts';
import type { ActResult, StrikeResult, Timeline } from './result.ts';
import { until } from './until.ts';

export interface ActOptions {
  readonly instance: Instance;
  readonly seed: number;
  readonly ordersPerSecond: number;
  readonly full: boolean;
  /** Unique to the rehearsal: sales are named for it. */
  readonly runId: string;
  readonly folder: string;
  readonly confirmTimeoutMs: number;
  readonly ledger: LedgerWatch;
  /** Asked before each strike: whether there is time for it. */
  readonly hasTime: () => boolean;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

const requestTimeoutMs = 10_000;
const sampleEveryMs = 1_000;
const quietEveryMs = 500;
/** Samples without a smaller backlog before it counts as stuck: 90 s, three times what the reconciler takes. */
const quietPatience = 180;
const followedWithinMs = 60_000;
const openForMs = 24 * 3_600_000;

/** One act: opens a sale, sends orders, strikes, waits for quiet, audits, archives the sale. */
export async function runAct(act: PlannedAct, options: ActOptions): Promise<ActResult> {
  const { instance, ordersPerSecond, seed, folder, say, signal } = options;
  const saleId = `rehearsal-${options.runId}-${act.number}`;
  await openSale(instance, saleId, act.orders, folder);
  const logFile = join(folder, `${saleId}.ndjson`);
  const log = createOrderLog(logFile);
  const targets = instance.gateways.map((gateway) => new URL(gateway.url()!));
  const desk = createDesk({ targets, saleId, log, timeoutMs: requestTimeoutMs });
  const startedAt = new Date().toISOString();
  const conduct = watchConduct(desk);
  const crowd = createCrowd({
    desk,
    prefix: saleId,
    // Not those of the act before.
    seed: seed + act.number,
    ordersPerSecond,
    orders: act.orders,
    signal,
  });
  const memory = watchMemory(instance.roles);
  const sampler = createSampler({
    runFile: async () => instance.runFile(),
    elapsedSeconds: () => desk.recorder.elapsedMs() / 1_000,
  });
  let striking = false;
  const sampling = setInterval(() => {
    void sampler.sample();
    void memory.look(striking ? 'during' : 'before');
  }, sampleEveryMs);
  const context = createContext({ instance, crowd, saleId, full: options.full, signal });
  const strikes: StrikeResult[] = [];
  const lostBetweenStrikes: string[] = [];
  try {
    say(`act ${act.number}: sale ${saleId}, ${ordersPerSecond} orders/s`);
    for (const [index, planned] of act.strikes.entries()) {
      crowd.allow(planned.atOrder);
      await crowd.reach(planned.atOrder);
      signal.throwIfAborted();
      if (!options.hasTime()) break;
      if (index === 0) await memory.look('before');
      striking = true;
      crowd.allow(act.strikes[index + 1]?.atOrder ?? act.orders);
      lostBetweenStrikes.push(...tellLost(instance.roles));
      const result = await strikeOnce(planned, { ...options, context, crowd, desk });
      strikes.push(result);
      if (result.recovery.allMs === null) break;
    }
    crowd.allow(act.orders);
    if (options.hasTime()) await crowd.reach(act.orders);
    await crowd.finish();
    const quiet = await untilQuiet(sampler.sample, signal);
    const behind = await untilFollowed(options.ledger, saleId, signal);
    await memory.look('after');
    conduct.end();
    await log.close();
    const findings = await auditAct(instance.command, saleId, logFile, signal);
    const misconduct = conduct
      .misconduct()
      .map(({ what, count, example }) => `${what} (${count} times; ${example})`);
    const stuck = quiet === null ? ['orders were still waiting when nothing was left to wait for'] : [];
    lostBetweenStrikes.push(...tellLost(instance.roles));
    const violations = [...misconduct, ...stuck, ...behind, ...lostBetweenStrikes, ...findings.violations];
    const { outcomes, timeline } = await account(
      instance,
      saleId,
      startedAt,
      desk.recorder.result(),
      sampler,
    );
    say(
      `  audit: ${violations.length === 0 ? `all ${findings.held} checks hold` : 'VIOLATED'}; ` +
        `${crowd.sent()} orders, ${outcomes.accepted} requests accepted`,
    );
    for (const violation of violations) say(`  VIOLATION ${violation}`);
    for (const warning of findings.warnings) say(`  warning: ${warning}`);
    await archiveLoadSale(instance.command, saleId, say);
    return {
      number: act.number,
      saleId,
      strikes,
      orders: crowd.sent(),
      outcomes,
      quietMs: quiet,
      violations,
      warnings: findings.warnings,
      checks: findings.held,
      timeline,
      memory: memory.result(),
    };
  } finally {
    clearInterval(sampling);
    crowd.stop();
    desk.close();
    await log.close();
  }
}

async function openSale(instance: Instance, saleId: string, orders: number, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${saleId}.json`);
  const now = Date.now();
  const sale = {
    saleId,
    opensAt: new Date(now - 60_000).toISOString(),
    closesAt: new Date(now + openForMs).toISOString(),
    items: goodsFor(orders),
  };
  await writeFile(file, JSON.stringify(sale, null, 2));
  await mustRunSluice(instance.command, ['sale', 'apply', file]);
}

/** How long it took until nothing waited; `null` where it went on waiting. */
async function untilQuiet(
  sample: () => Promise<InstanceSample>,
  signal: AbortSignal,
): Promise<number | null> {
  const startedMs = performance.now();
  const drained = await waitForDrain({
    sample,
    onSample: () => undefined,
    signal,
    everyMs: quietEveryMs,
    patience: quietPatience,
  });
  return drained ? Math.round(performance.now() - startedMs) : null;
}

/** What the follower has not heard, or heard twice, when it has had time for everything. */
async function untilFollowed(
  ledger: LedgerWatch,
  saleId: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  let drift: readonly string[] = ['the database did not say what the follower has done'];
  const settled = async () => {
    const now = await ledger.followerDrift(saleId);
    if (now === undefined) return false;
    drift = now.found;
    return drift.length === 0 || now.ahead;
  };
  await until('the follower to have heard of every order', settled, followedWithinMs, signal).catch(() => {
    signal.throwIfAborted();
  });
  return drift;
}

async function account(
  instance: Instance,
  saleId: string,
  startedAt: string,
  drive: { readonly seconds: readonly SecondRow[]; readonly measured: { readonly outcomes: OutcomeCounts } },
  sampler: { readonly samples: () => readonly InstanceSample[] },
): Promise<{ outcomes: OutcomeCounts; timeline: Timeline }> {
  // Where the database has not come back, the audit has said so.
  const ledger = await countLedger(instance.urls.databaseUrl, saleId, startedAt).catch(() => undefined);
  const waiting: (number | null)[] = [];
  for (const sample of sampler.samples()) {
    const second = Math.floor(sample.second);
    while (waiting.length < second) waiting.push(waiting.at(-1) ?? null);
    waiting[second] = sample.waiting ?? null;
  }
  const perSecond = (of: (outcomes: OutcomeCounts) => number) =>
    drive.seconds.map(({ outcomes }) => of(outcomes));
  return {
    outcomes: drive.measured.outcomes,
    timeline: {
      accepted: perSecond(({ accepted }) => accepted),
      refused: perSecond((outcomes) => outcomes['sold-out'] + outcomes['refused-limit']),
      turnedAway: perSecond(
        (outcomes) =>
          outcomes['rate-limited'] +
          outcomes.unavailable +
          outcomes['outcome-unknown'] +
          outcomes['network-error'] +
          outcomes.timeout +
          outcomes['server-error'],
      ),
      drained: ledger?.settledPerSecond ?? [],
      waiting,
    },
  };
}
