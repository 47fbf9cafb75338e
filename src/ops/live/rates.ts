import type { ProcessReport } from '../../platform/figures.ts';

/** One process as its last report shows it. */
export interface ProcessRates {
  readonly id: string;
  readonly report: ProcessReport;
  /** Since it was heard of. */
  readonly silentMs: number;
  /** By figure, per second between its last two reports; empty until there are two, and while it is silent. */
  readonly perSecond: ReadonlyMap<string, number>;
}

/** A process that has not reported for this long counts nothing: it may hang, or be gone. */
export const silentAfterMs = 3_000;

interface Known {
  readonly report: ProcessReport;
  readonly perSecond: ReadonlyMap<string, number>;
}

/** Turns cumulative reports into rates. Where reports were missed, the next rate is the mean since the last one. */
export function createRates() {
  let known = new Map<string, Known>();

  return (reports: ReadonlyMap<string, { report: ProcessReport; silentMs: number }>): ProcessRates[] => {
    const next = new Map<string, Known>();
    const processes: ProcessRates[] = [];
    for (const [id, { report, silentMs }] of reports) {
      const before = known.get(id);
      const isNew = report.uptimeMs !== before?.report.uptimeMs;
      const perSecond = isNew ? ratesBetween(before?.report, report) : before.perSecond;
      next.set(id, { report, perSecond });
      processes.push({ id, report, silentMs, perSecond: silentMs > silentAfterMs ? new Map() : perSecond });
    }
    known = next;
    return processes;
  };
}

function ratesBetween(before: ProcessReport | undefined, now: ProcessReport): ReadonlyMap<string, number> {
  const rates = new Map<string, number>();
  if (before === undefined) return rates;
  const seconds = (now.uptimeMs - before.uptimeMs) / 1_000;
  if (seconds <= 0) return rates;
  for (const [figure, value] of Object.entries(now.figures)) {
    rates.set(figure, Math.max(0, value - (before.figures[figure] ?? 0)) / seconds);
  }
  return rates;
}

/** The sum over all processes of what a metric has per second, by the value of its label. */
export function sumByLabel(processes: readonly ProcessRates[], metric: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { perSecond } of processes) {
    for (const [figure, rate] of perSecond) {
      const [name, label = ''] = figure.split(' ');
      if (name === metric) sums.set(label, (sums.get(label) ?? 0) + rate);
    }
  }
  return sums;
}

/** A histogram's rates as {@link percentile} takes them. */
export function bucketsOf(processes: readonly ProcessRates[], metric: string): Map<number, number> {
  const byBound = sumByLabel(processes, metric);
  return new Map([...byBound].map(([bound, rate]) => [bound === '+Inf' ? Infinity : Number(bound), rate]));
}
