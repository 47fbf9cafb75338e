import type { ProcessSeries } from '../watch/process-watch.ts';
import type { Measured, Threshold } from './threshold.ts';
import { fitTrend, grows, type Trend } from './trend.ts';

/** What is watched of a process, and by how much it must grow over the run to count. */
export const holdings = [
  { kind: 'memory', title: 'Memory', unit: 'MiB', least: 1 },
  { kind: 'descriptors', title: 'Descriptors', unit: '', least: 1 },
  { kind: 'connections', title: 'Connections', unit: '', least: 1 },
] as const;
export type HoldingKind = (typeof holdings)[number]['kind'];

/** One kind of holding of one process over time, with the line fitted to it. */
export interface HoldingTrend {
  readonly process: string;
  readonly kind: HoldingKind;
  readonly points: readonly { readonly second: number; readonly value: number }[];
  readonly trend: Trend | undefined;
  readonly grows: boolean;
  /**
   * Whether growth would be a fault. A server's memory is what it has been given to keep, so only a role's is judged;
   * Prometheus opens files as its data grows, and is not needed for a sale.
   */
  readonly judged: boolean;
}

export function holdingTrends(processes: readonly ProcessSeries[]): HoldingTrend[] {
  return processes.flatMap(({ name, kind: owner, points }) =>
    holdings.map(({ kind, least }) => {
      const values = points.flatMap((point) => {
        const value = kind === 'memory' ? point.rssBytes / 2 ** 20 : point[kind];
        return value === undefined ? [] : [{ second: point.second, value }];
      });
      const trend = fitTrend(values);
      return {
        process: name,
        kind,
        points: values,
        trend,
        grows: trend !== undefined && grows(trend, least),
        judged: owner === 'role' || (kind !== 'memory' && name !== 'prometheus'),
      };
    }),
  );
}

/** Nothing leaks: what the processes hold does not grow with time. */
export const flatHoldings: readonly Threshold[] = holdings.map(({ kind }) => ({
  name: kind === 'memory' ? 'Roles whose memory grows' : `Processes whose ${kind} grow`,
  unit: '',
  comparison: 'at most',
  limit: () => 0,
  measure: ({ processes }): Measured => {
    const judged = holdingTrends(processes).filter((each) => each.kind === kind && each.judged);
    const fitted = judged.filter(({ trend }) => trend !== undefined);
    if (fitted.length === 0) return { missing: 'no process was watched for long enough to fit a line' };
    const growing = fitted.filter((each) => each.grows).map(({ process }) => process);
    return growing.length === 0 ? 0 : { value: growing.length, note: growing.join(', ') };
  },
}));
