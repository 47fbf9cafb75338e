import type { RunFile } from '../instance/run-file.ts';
import { usageOf } from './process-usage.ts';
import { samplesOf, sumOf } from './prometheus-text.ts';

/** CPU in cores since the sample before, and memory, of one role or service (all of its processes). */
export interface RoleUsage {
  readonly cores: number;
  readonly rssBytes: number;
}

/** The instance at one moment. What could not be read is absent. */
export interface InstanceSample {
  /** Seconds since the run started. */
  readonly second: number;
  readonly waiting?: number;
  readonly capOrdersPerSecond?: number;
  readonly drainSeconds?: number;
  readonly drainedTotal?: number;
  readonly drainedPerSecond?: number;
  readonly roles: Readonly<Record<string, RoleUsage>>;
}

export interface Sampler {
  /** Takes one sample now; the samples are kept in order. */
  readonly sample: () => Promise<InstanceSample>;
  readonly samples: () => readonly InstanceSample[];
  readonly latest: () => InstanceSample | undefined;
}

export interface SamplerOptions {
  /** Read anew for each sample, because a process that was started again has another pid. */
  readonly runFile: () => Promise<RunFile | undefined>;
  readonly elapsedSeconds: () => number;
}

/** Reads the ops page, the drainers' pages and `/proc`. Whatever does not answer within 900 ms is left out. */
export function createSampler({ runFile, elapsedSeconds }: SamplerOptions): Sampler {
  const samples: InstanceSample[] = [];
  const cpuBefore = new Map<number, { second: number; cpuSeconds: number }>();

  async function sample(): Promise<InstanceSample> {
    const file = await runFile();
    const second = elapsedSeconds();
    const [ops = '', drained, roles] = await Promise.all([
      file && readPage(new URL('/metrics', file.opsUrl)),
      file && drainedTotalOf(file),
      rolesOf(file, second),
    ]);
    // Not simply the last sample: where one was missed, the next shows the mean since the one before it.
    const before = samples.findLast(({ drainedTotal }) => drainedTotal !== undefined);
    const drainedBefore = before?.drainedTotal;
    const taken: InstanceSample = {
      second,
      ...present('waiting', sumOf(ops, 'sluice_orders_waiting')),
      ...present('capOrdersPerSecond', capOf(ops)),
      ...present('drainSeconds', sumOf(ops, 'sluice_backlog_drain_seconds')),
      ...present('drainedTotal', drained),
      ...present(
        'drainedPerSecond',
        drained === undefined || drainedBefore === undefined || before === undefined
          ? undefined
          : Math.max(0, drained - drainedBefore) / (second - before.second),
      ),
      roles,
    };
    samples.push(taken);
    return taken;
  }

  async function rolesOf(file: RunFile | undefined, second: number): Promise<Record<string, RoleUsage>> {
    const processes = [
      ...(file?.processes ?? []).map(({ role, pid }) => ({ name: role, pid })),
      ...(file?.services ?? []),
      { name: 'load test', pid: process.pid },
    ];
    const roles: Record<string, { cores: number; rssBytes: number }> = {};
    for (const { name, pid } of processes) {
      const usage = await usageOf(pid);
      if (usage === undefined) continue;
      const before = cpuBefore.get(pid);
      cpuBefore.set(pid, { second, cpuSeconds: usage.cpuSeconds });
      const cores =
        before && second > before.second
          ? (usage.cpuSeconds - before.cpuSeconds) / (second - before.second)
          : 0;
      roles[name] ??= { cores: 0, rssBytes: 0 };
      roles[name].cores += Math.max(0, cores);
      roles[name].rssBytes += usage.rssBytes;
    }
    return roles;
  }

  return { sample, samples: () => samples, latest: () => samples.at(-1) };
}

async function drainedTotalOf(file: RunFile): Promise<number | undefined> {
  const drainers = file.processes.filter(({ role }) => role.startsWith('drainer'));
  const pages = await Promise.all(drainers.map(({ metricsUrl }) => readPage(new URL(metricsUrl))));
  const totals = pages.map((page) =>
    page === undefined ? undefined : sumOf(page, 'sluice_drained_orders_total'),
  );
  // One page that is missing would make the sum fall, and rise again with the next sample.
  if (totals.length === 0 || totals.includes(undefined)) return undefined;
  return totals.reduce<number>((sum, total) => sum + (total ?? 0), 0);
}

// The cap in force has one label set per reason; those not in force are 0.
function capOf(page: string): number | undefined {
  const values = samplesOf(page, 'sluice_drain_cap_orders_per_second').map(({ value }) => value);
  return values.length === 0 ? undefined : Math.max(...values);
}

async function readPage(url: URL): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(900) });
    const text = await response.text();
    return response.ok ? text : undefined;
  } catch {
    return undefined;
  }
}

function present<Name extends string>(name: Name, value: number | undefined): { [key in Name]?: number } {
  return value === undefined ? {} : ({ [name]: value } as { [key in Name]: number });
}
