import type { ClusterState } from '../cluster-watch.ts';
import { describeSales } from './describe-sales.ts';
import { percentile } from './percentile.ts';
import { bucketsOf, type ProcessRates, silentAfterMs, sumByLabel } from './rates.ts';

/** What the ops page shows of one second. `null`: not known now, as its source is away. Rates are orders/s. */
export type Snapshot = ReturnType<typeof snapshotOf>;

/** Puts a second together from the last look at the cluster and from what the processes say of themselves. */
export function snapshotOf(seen: {
  nowMs: number;
  state: ClusterState | undefined;
  lookedAtMs: number | undefined;
  /** `undefined`: Redis, which carries the reports, is away. */
  processes: readonly ProcessRates[] | undefined;
}) {
  const { nowMs, state, processes } = seen;
  return {
    at: nowMs,
    /** How old what comes from the last look is (waiting, stock, cap, queues), seconds. */
    lookAgeSeconds: seen.lookedAtMs === undefined ? null : Math.max(0, nowMs - seen.lookedAtMs) / 1_000,
    orders: processes ? ordersOf(processes) : null,
    drained: processes ? drainedOf(processes) : null,
    intakeSeconds: processes ? percentilesOf(processes, 'sluice_order_intake_seconds') : null,
    settleSeconds: processes ? percentilesOf(processes, 'sluice_order_settle_seconds') : null,
    cap: state?.cap ?? null,
    waiting: state?.waiting ?? null,
    oldestAgeSeconds: state?.oldestAgeMs === undefined ? null : state.oldestAgeMs / 1_000,
    drainSeconds: finiteOrNull(state?.drainSeconds),
    queue: state?.depth ?? null,
    dependencies: dependenciesOf(state, processes ?? []),
    processes: (processes ?? []).map(describeProcess),
    /** `null` while Postgres is away. */
    sales: state?.cap ? describeSales(state, nowMs) : null,
  };
}

/** Answers to shoppers. A replay is an order that was answered before: neither accepted again nor refused. */
function ordersOf(processes: readonly ProcessRates[]) {
  const byOutcome = sumByLabel(processes, 'sluice_orders_total');
  const take = (outcome: string) => byOutcome.get(outcome) ?? 0;
  const offered = [...byOutcome.values()].reduce((sum, rate) => sum + rate, 0);
  const [accepted, replayed, soldOut] = [take('accepted'), take('replayed'), take('sold-out')];
  return {
    offered: rounded(offered),
    accepted: rounded(accepted),
    replayed: rounded(replayed),
    soldOut: rounded(soldOut),
    refused: rounded(Math.max(0, offered - accepted - replayed - soldOut)),
    byOutcome: roundedRecord(byOutcome),
  };
}

function drainedOf(processes: readonly ProcessRates[]) {
  const byOutcome = sumByLabel(processes, 'sluice_drained_orders_total');
  const total = [...byOutcome.values()].reduce((sum, rate) => sum + rate, 0);
  return { perSecond: rounded(total), byOutcome: roundedRecord(byOutcome) };
}

function percentilesOf(processes: readonly ProcessRates[], metric: string) {
  const buckets = bucketsOf(processes, metric);
  const at = (share: number) => percentile(buckets, share) ?? null;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** Each dependency as this process sees it, and the processes that say they can't use it. */
function dependenciesOf(state: ClusterState | undefined, processes: readonly ProcessRates[]) {
  const seenHere = new Map<string, boolean>([
    ['postgres', state?.cap !== undefined],
    ['redis', state?.waiting !== undefined],
    ['rabbitmq', state?.depth !== undefined],
  ]);
  const names = new Set(seenHere.keys());
  for (const { report } of processes) {
    for (const figure of Object.keys(report.figures)) {
      const [metric, dependency] = figure.split(' ');
      if (metric === 'sluice_dependency_up' && dependency) names.add(dependency);
    }
  }
  const speaking = processes.filter(
    ({ silentMs, report }) => silentMs <= silentAfterMs && report.role !== 'ops',
  );
  return [...names].map((name) => ({
    name,
    /** `null`: this process does not use it. */
    up: seenHere.get(name) ?? null,
    awayFrom: speaking
      .filter(({ report }) => report.figures[`sluice_dependency_up ${name}`] === 0)
      .map(({ report }) => nameOf(report)),
    blocked: name === 'rabbitmq' && speaking.some(({ report }) => report.figures.sluice_broker_blocked === 1),
  }));
}

function describeProcess({ id, report, silentMs, perSecond }: ProcessRates) {
  const sum = (metric: string) =>
    rounded(
      [...perSecond].reduce(
        (total, [figure, rate]) => (figure.startsWith(`${metric} `) ? total + rate : total),
        0,
      ),
    );
  return {
    id,
    role: report.role,
    name: nameOf(report),
    upSeconds: Math.round(report.uptimeMs / 1_000),
    silentSeconds: silentMs / 1_000,
    isSilent: silentMs > silentAfterMs,
    ordersPerSecond:
      report.role === 'gateway' ? sum('sluice_orders_total') : sum('sluice_drained_orders_total'),
  };
}

function nameOf({ role, host, pid }: ProcessRates['report']): string {
  return `${role} ${host} ${pid}`;
}

function finiteOrNull(seconds: number | undefined): number | null {
  return seconds !== undefined && Number.isFinite(seconds) ? seconds : null;
}

function rounded(rate: number): number {
  return Math.round(rate * 10) / 10;
}

function roundedRecord(rates: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...rates].map(([name, rate]) => [name, rounded(rate)]));
}
