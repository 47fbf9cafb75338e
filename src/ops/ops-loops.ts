import type { SaleClaims } from '../order/ports/claims.ts';
import type { LedgerOperations } from '../order/ports/ledger.ts';
import type { Clock } from '../platform/clock.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';
import type { ClaimsKeeper } from './claims-keeper.ts';
import type { ClusterState, ClusterWatch } from './cluster-watch.ts';
import { createQueueProgress } from './queue-progress.ts';
import type { Reconciler } from './reconciler.ts';

const keeperIntervalMs = 200;
const watchIntervalMs = 1_000;
const reconcileIntervalMs = 1_000;
/** How soon another ops process takes over after the one at work has gone. */
const takeOverMs = 1_000;

/**
 * What the ops role does all the time: watch the cluster (every ops process does), and, one process at a time
 * under an advisory lock, keep the claims and reconcile.
 */
export function createOpsLoops(deps: {
  watch: ClusterWatch;
  keeper: ClaimsKeeper;
  reconciler: Reconciler;
  ledger: Pick<LedgerOperations, 'exclusively'>;
  claims: Pick<SaleClaims, 'catalog'>;
  clock: Clock;
  logger: Logger;
}): Lifecycle & { state(): ClusterState | undefined; lookedAtMs(): number | undefined } {
  const { clock, logger } = deps;
  const stopping = new AbortController();
  const loops: Promise<void>[] = [];
  const progress = createQueueProgress();
  let state: ClusterState | undefined;
  let lookedAtMs: number | undefined;

  /** Turns fall on whole intervals of the clock, so that what is looked at and shown each second stays in step. */
  function untilNext(intervalMs: number): number {
    return intervalMs - (clock.nowMs() % intervalMs);
  }

  /** Runs `turn` again and again; a failing turn is logged once and tried again. */
  async function forever(
    name: string,
    intervalMs: number,
    signal: AbortSignal,
    turn: () => Promise<void>,
  ): Promise<void> {
    let failing = false;
    while (!signal.aborted) {
      try {
        await turn();
        failing = false;
      } catch (error) {
        if (!failing && !signal.aborted) logger.warn({ err: error }, `${name} failed; trying again`);
        failing = true;
      }
      await clock.sleep(untilNext(intervalMs), signal);
    }
  }

  async function keep(signal: AbortSignal): Promise<void> {
    const waiting = await deps.keeper.look();
    if (waiting.length === 0) return;
    // Meanwhile the server may be lost again: looking goes on beside the wait.
    const again = new AbortController();
    const end = () => again.abort();
    signal.addEventListener('abort', end, { once: true });
    const looking = forever('keeping the claims', keeperIntervalMs, again.signal, async () => {
      await deps.keeper.look();
    });
    try {
      await deps.keeper.rebuildAll(waiting, signal);
    } finally {
      again.abort();
      signal.removeEventListener('abort', end);
      await looking;
    }
  }

  async function reconcile(): Promise<void> {
    // Those that wait for their rebuild as well: it drops their claims, and so waits until none is pending.
    const sales = (await deps.claims.catalog()) ?? [];
    await deps.reconciler.round(
      sales.map((sale) => sale.saleId),
      explainedWaitMs(state),
      progress.passedAgeMs(clock.monotonicMs()),
    );
  }

  /** The cluster-wide work, for as long as this process holds the lock. */
  async function lead(lost: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([lost, stopping.signal]);
    logger.info('this process keeps the claims and reconciles');
    await Promise.all([
      forever('keeping the claims', keeperIntervalMs, signal, () => keep(signal)),
      forever('reconciling', reconcileIntervalMs, signal, reconcile),
    ]);
  }

  return {
    state: () => state,
    lookedAtMs: () => lookedAtMs,
    async start() {
      loops.push(
        forever('watching the cluster', watchIntervalMs, stopping.signal, async () => {
          const [atMs, startedMs] = [clock.nowMs(), clock.monotonicMs()];
          state = await deps.watch.look();
          progress.note(state, startedMs);
          lookedAtMs = atMs;
        }),
        forever('taking the lead', takeOverMs, stopping.signal, async () => {
          await deps.ledger.exclusively('ops', lead);
        }),
      );
    },
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

/** How long an order may have waited for all we know; `undefined` while paused or not known. */
export function explainedWaitMs(state: ClusterState | undefined): number | undefined {
  if (!state?.cap || state.cap.paused || !state.depth) return undefined;
  if (state.depth.ready + state.depth.unacknowledged === 0) return 0;
  return ((state.waiting ?? 0) / state.cap.ordersPerSecond) * 1_000;
}
