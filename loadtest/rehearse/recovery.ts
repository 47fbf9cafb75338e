import { setTimeout as delay } from 'node:timers/promises';
import type { RoleControl } from './fault.ts';
import type { LedgerWatch } from './ledger-watch.ts';
import { type Crowd, isKept } from './load/crowd.ts';

/** How long after a fault's end what was back; `null`: not until the deadline. */
export interface Recovery {
  /** Every gateway has answered an order 202 that was sent after the end. */
  readonly intakeMs: number | null;
  /** One of those orders has its row in the ledger. */
  readonly drainMs: number | null;
  /** Every role runs. */
  readonly rolesMs: number | null;
  /** All of that. */
  readonly allMs: number | null;
}

export interface RecoveryOptions {
  readonly crowd: Crowd;
  readonly gateways: number;
  readonly roles: readonly RoleControl[];
  readonly ledger: LedgerWatch;
  readonly saleId: string;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

const probeEveryMs = 50;

/** Called at the moment a fault ends: tries from then on, and measures from then. */
export async function measureRecovery(options: RecoveryOptions): Promise<Recovery> {
  const { crowd, gateways, roles, ledger, saleId, deadlineMs, signal } = options;
  const startedMs = performance.now();
  const sinceMs = () => performance.now() - startedMs;
  const intake = Array.from({ length: gateways }, (): number | null => null);
  const kept: string[] = [];
  let drainMs: number | null = null;
  let rolesMs: number | null = null;
  let looking = false;

  async function probe(gateway: number): Promise<void> {
    const reply = await crowd.probe(gateway);
    if (!isKept(reply)) return;
    kept.push(reply.order.transactionId);
    intake[gateway] ??= sinceMs();
  }

  async function look(): Promise<void> {
    looking = true;
    const rows = await ledger.countRows(saleId, [...kept]);
    if (rows > 0) drainMs ??= sinceMs();
    looking = false;
  }

  const recovered = () => intake.every((ms) => ms !== null) && drainMs !== null && rolesMs !== null;
  while (!recovered() && sinceMs() < deadlineMs) {
    for (const [gateway, ms] of intake.entries()) if (ms === null) void probe(gateway);
    if (drainMs === null && kept.length > 0 && !looking) void look();
    if (rolesMs === null && roles.every((role) => role.pid() !== undefined)) rolesMs = sinceMs();
    await delay(probeEveryMs, undefined, { signal });
  }
  const intakeMs = worst(intake);
  return { intakeMs, drainMs, rolesMs, allMs: worst([intakeMs, drainMs, rolesMs]) };
}

function worst(times: readonly (number | null)[]): number | null {
  return times.reduce<number | null>(
    (most, ms) => (most === null || ms === null ? null : Math.max(most, ms)),
    0,
  );
}
