import type { Environment } from '../../report/environment.ts';
import type { FigureName, Turn } from '../figure.ts';

/** A figure over all rounds, in orders/s. */
export interface FigureSummary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly rounds: readonly number[];
  /** Medians over the rounds, by process, in µs. */
  readonly cpuMicrosPerOrder: Readonly<Record<string, number>>;
}

/** A ratio of two medians, and what it should be at least. */
export interface Ratio {
  readonly name: string;
  readonly of: FigureName;
  readonly to: FigureName;
  readonly value: number;
  readonly floor: number;
  readonly met: boolean;
}

export interface BenchResult {
  readonly startedAt: string;
  readonly environment: Environment;
  readonly settings: { readonly rounds: number; readonly seconds: number; readonly warmupSeconds: number };
  readonly figures: Readonly<Partial<Record<FigureName, FigureSummary>>>;
  readonly ratios: readonly Ratio[];
  readonly auditsPassed: boolean;
  readonly turns: readonly Turn[];
}

/** Where two readings of a floor are possible, both are measured against it. */
const floors: readonly Omit<Ratio, 'value' | 'met'>[] = [
  { name: 'accepted : bare Fastify', of: 'accepted', to: 'bare', floor: 0.45 },
  { name: 'end to end : bare Fastify', of: 'endToEnd', to: 'bare', floor: 0.35 },
  { name: 'end to end, with followers : without', of: 'endToEndFollowed', to: 'endToEnd', floor: 0.85 },
  { name: 'sold out : bare Fastify', of: 'soldOut', to: 'bare', floor: 0.75 },
  { name: 'accepted : one transaction per request', of: 'accepted', to: 'perRequest', floor: 12 },
  { name: 'end to end : one transaction per request', of: 'endToEnd', to: 'perRequest', floor: 12 },
  { name: 'accepted : BullMQ accepted', of: 'accepted', to: 'bullmqAccepted', floor: 1.2 },
  { name: 'end to end : BullMQ written meanwhile', of: 'endToEnd', to: 'bullmqWritten', floor: 8 },
  { name: 'draining a backlog : BullMQ draining one', of: 'acceptedDrained', to: 'bullmqDrained', floor: 8 },
];

/** Medians, spreads and ratios of what was measured; a ratio is there where both its figures are. */
export function summarise(
  turns: readonly Turn[],
): Pick<BenchResult, 'figures' | 'ratios' | 'auditsPassed' | 'turns'> {
  const byName = new Map<FigureName, { rates: number[]; cpu: Readonly<Record<string, number>>[] }>();
  for (const { name, ordersPerSecond, cpuMicrosPerOrder } of turns.flatMap(({ figures }) => figures)) {
    const { rates, cpu } = byName.get(name) ?? { rates: [], cpu: [] };
    byName.set(name, { rates: [...rates, ordersPerSecond], cpu: [...cpu, cpuMicrosPerOrder] });
  }
  const figures: Partial<Record<FigureName, FigureSummary>> = {};
  for (const [name, { rates, cpu }] of byName) {
    figures[name] = {
      median: median(rates),
      least: Math.min(...rates),
      most: Math.max(...rates),
      rounds: rates,
      cpuMicrosPerOrder: mediansByKey(cpu),
    };
  }
  const ratios = floors.flatMap((ratio) => {
    const [of, to] = [figures[ratio.of], figures[ratio.to]];
    if (of === undefined || to === undefined) return [];
    const value = of.median / to.median;
    return [{ ...ratio, value, met: value >= ratio.floor }];
  });
  return { figures, ratios, auditsPassed: turns.every(({ audit }) => audit.passed), turns };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function mediansByKey(readings: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const keys = [...new Set(readings.flatMap(Object.keys))];
  return Object.fromEntries(keys.map((key) => [key, median(readings.map((reading) => reading[key] ?? 0))]));
}
