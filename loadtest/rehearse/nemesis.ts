import { createRandom } from '../random.ts';
import type { FaultContext } from './fault.ts';
import { tellLost } from './instance/lives.ts';
import type { LedgerWatch } from './ledger-watch.ts';
import type { Crowd } from './load/crowd.ts';
import type { Desk } from './load/desk.ts';
import { watchRefusals } from './load/refusals.ts';
import type { PlannedStrike } from './plan.ts';
import { measureRecovery } from './recovery.ts';
import type { StrikeResult } from './result.ts';

export interface NemesisOptions {
  readonly seed: number;
  readonly context: FaultContext;
  readonly crowd: Crowd;
  readonly desk: Desk;
  readonly ledger: LedgerWatch;
  readonly confirmTimeoutMs: number;
  readonly say: (line: string) => void;
}

/** From the end of a fault: a role killed is back, and everything else is. */
export const boundsMs = { role: 5_000, neighbour: 30_000 } as const;
/** A fault that leaves traces for longer than this is said not to have been recovered from. */
const recoveryDeadlineMs = 120_000;
const keepAliveMs = 100;

/** Strikes once and watches what comes of it until everything works again. */
export async function strikeOnce(planned: PlannedStrike, options: NemesisOptions): Promise<StrikeResult> {
  const { seed, context, crowd, desk, ledger, confirmTimeoutMs, say } = options;
  const { fault, number } = planned;
  const second = () => desk.recorder.elapsedMs() / 1_000;
  const atOrder = crowd.sent();
  const startSecond = second();
  const refusals = watchRefusals(desk, confirmTimeoutMs);
  const keptBusy = keepBusy(crowd, desk.gateways);
  try {
    const strike = await fault.strike(context, createRandom(seed, number));
    say(`strike ${number} at order ${atOrder}: ${fault.name}: ${strike.did}`);
    const violations: string[] = [];
    const complain = (sentence: string) => void violations.push(sentence);
    try {
      await context.sleep(strike.lastsMs ?? 0);
    } finally {
      await strike.heal?.(complain);
    }
    const endSecond = second();
    const recovery = await measureRecovery({
      crowd,
      gateways: desk.gateways,
      roles: context.roles,
      ledger,
      saleId: context.saleId(),
      deadlineMs: recoveryDeadlineMs,
      signal: context.signal,
    });
    say(`  ${describe(recovery)}`);
    if (recovery.allMs === null) complain(`not recovered within ${recoveryDeadlineMs / 1_000} s`);
    // What is left behind shows when nothing is on its way any more.
    keptBusy();
    await strike.inspect?.(complain);
    for (const sentence of tellLost(context.roles)) complain(sentence);
    for (const violation of violations) say(`  VIOLATION ${violation}`);
    return {
      number,
      fault: fault.name,
      atOrder,
      did: strike.did,
      startSecond,
      endSecond,
      recovery,
      boundMs: boundsMs[fault.bound],
      refusals: refusals.end(),
      violations,
    };
  } finally {
    keptBusy();
    refusals.end();
  }
}

/** Orders go on where the crowd stands at the point of the next strike; a failpoint waits for them. */
function keepBusy(crowd: Crowd, gateways: number): () => void {
  let turn = 0;
  const timer = setInterval(() => void crowd.probe(turn++ % gateways), keepAliveMs);
  return () => clearInterval(timer);
}

function describe({ intakeMs, drainMs, rolesMs, allMs }: StrikeResult['recovery']): string {
  const at = (ms: number | null) => (ms === null ? 'not' : `after ${(ms / 1_000).toFixed(1)} s`);
  const parts = `202 from every gateway ${at(intakeMs)}, written ${at(drainMs)}, every role there ${at(rolesMs)}`;
  return `${allMs === null ? 'NOT recovered' : `recovered ${at(allMs)}`} (${parts})`;
}
