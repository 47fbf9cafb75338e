import { Registry } from 'prom-client';
import { createClusterWatch } from '../../ops/cluster-watch.ts';
import { statusOf } from '../../ops/ops-app.ts';
import { systemClock } from '../../platform/clock.ts';
import { readConfig } from '../../platform/config/read.ts';
import { createLogger } from '../../platform/logger.ts';
import { createClusterMetrics } from '../../platform/metrics.ts';
import { readDepth } from '../../queue/depth.ts';
import { startedWithin } from '../in-order.ts';
import { type RoleProcess, readRunFile } from '../run-file.ts';
import { claimsFor, ledgerFor } from '../stages.ts';
import { findTarget } from '../target.ts';
import { type Rates, ratesBetween, type Totals, totalsOf } from './rates.ts';

/** A server that is away is said to be, rather than waited for. */
const connectMs = 2_000;
const pageMs = 900;

/** A role as this machine sees it. */
export interface RoleStatus {
  readonly role: string;
  readonly pid: number;
  readonly url: string | null;
  /** It serves its metrics. */
  readonly up: boolean;
}

/** What operators are shown: everything that could not be read is null. */
export type Status = ReturnType<typeof statusOf> &
  Rates & {
    readonly at: string;
    readonly dependencies: {
      readonly postgres: boolean;
      readonly rabbitmq: boolean;
      readonly redis: boolean;
    };
    /** The processes of this folder's instance; null where the servers' URLs are all that is known. */
    readonly roles: readonly RoleStatus[] | null;
    /** Gateways that have spoken to Redis lately. */
    readonly gateways: number | null;
  };

export interface LookOut {
  /** Looks at everything now; its rates are those since the look before. */
  look(): Promise<Status>;
  close(): Promise<void>;
}

/** Watches the running instance of a folder, or what the environment names; starts nothing, and needs no server. */
export async function openLookOut(folder: string): Promise<LookOut> {
  const config = readConfig();
  const target = findTarget(config, folder);
  const ownInstance = readRunFile(folder)?.databaseUrl === target.databaseUrl;
  const context = { config, target, logger: createLogger('status', 'silent'), clock: systemClock };
  const ledger = ledgerFor(context, 'status');
  const claims = claimsFor(context);
  await Promise.all([ledger, claims].map((part) => startedWithin(connectMs, part).start()));
  const watch = createClusterWatch({
    claims,
    ledger,
    readDepth: () => readDepth(target),
    metrics: createClusterMetrics(new Registry()),
    logger: context.logger,
  });
  let before: Totals | undefined;

  return {
    async look() {
      const processes = ownInstance ? (readRunFile(folder)?.processes ?? []) : undefined;
      const [state, pages, gateways] = await Promise.all([
        watch.look(),
        readPages(processes ?? []),
        claims.gateways().then(
          ({ size }) => size,
          () => null,
        ),
      ]);
      const nowMs = systemClock.nowMs();
      const totals = totalsOf(state, pages.gateways, nowMs);
      const rates = ratesBetween(before, totals);
      before = totals;
      return {
        at: new Date(nowMs).toISOString(),
        ...statusOf(state),
        ...rates,
        dependencies: {
          postgres: state.cap !== undefined,
          rabbitmq: state.depth !== undefined,
          redis: state.waiting !== undefined,
        },
        roles: processes?.map((process) => roleStatus(process, pages.up.has(process.pid))) ?? null,
        gateways,
      };
    },
    async close() {
      await Promise.all([claims.stop(1_000).catch(() => {}), ledger.stop(1_000).catch(() => {})]);
    },
  };
}

function roleStatus({ role, pid, url }: RoleProcess, up: boolean): RoleStatus {
  return { role, pid, url: url ?? null, up };
}

async function readPages(processes: readonly RoleProcess[]) {
  const up = new Set<number>();
  const gateways = new Map<number, string>();
  await Promise.all(
    processes.map(async ({ role, pid, metricsUrl }) => {
      const page = await readPage(metricsUrl);
      if (page === undefined) return;
      up.add(pid);
      if (role === 'gateway') gateways.set(pid, page);
    }),
  );
  return { up, gateways };
}

async function readPage(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(pageMs) });
    const text = await response.text();
    return response.ok ? text : undefined;
  } catch {
    return undefined;
  }
}
