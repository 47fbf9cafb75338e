import type { Desk, Reply } from './desk.ts';

/** What those were answered whose orders could not be taken, around one strike. */
export interface Refusals {
  /** 503 `unavailable`: nothing was claimed. */
  readonly unavailable: number;
  /** 503 `outcome-unknown`. */
  readonly outcomeUnknown: number;
  /** The connection broke: its gateway ended. */
  readonly broken: number;
  readonly withoutRetryAfter: number;
  /** Slowest of the first 503s: those sent within one confirm timeout of the very first. */
  readonly slowestFirstMs: number | null;
  /** 503s sent later, when the breaker answers; and how fast. */
  readonly later: number;
  readonly laterMedianMs: number | null;
  readonly laterP99Ms: number | null;
  readonly slowestLaterMs: number | null;
}

/** Watches from now on; the confirm timeout says which 503s are the first ones. */
export function watchRefusals(desk: Desk, confirmTimeoutMs: number): { end: () => Refusals } {
  const refused: Reply[] = [];
  let broken = 0;
  const end = desk.watch((reply) => {
    if (reply.status === 503) refused.push(reply);
    else if (reply.outcome === 'network-error') broken += 1;
  });

  return {
    end() {
      end();
      // Not from the strike's beginning: a fault may take its time until it is in force.
      const firstMs = Math.min(...refused.map(({ sentMs }) => sentMs));
      const early = ({ sentMs }: Reply) => sentMs < firstMs + confirmTimeoutMs;
      const first = refused.filter(early).map(({ latencyMs }) => latencyMs);
      const later = refused.filter((reply) => !early(reply)).map(({ latencyMs }) => latencyMs);
      return {
        unavailable: refused.filter(({ outcome }) => outcome === 'unavailable').length,
        outcomeUnknown: refused.filter(({ outcome }) => outcome === 'outcome-unknown').length,
        broken,
        withoutRetryAfter: refused.filter(({ retryAfterSeconds }) => retryAfterSeconds === undefined).length,
        slowestFirstMs: quantile(first, 1),
        later: later.length,
        laterMedianMs: quantile(later, 0.5),
        laterP99Ms: quantile(later, 0.99),
        slowestLaterMs: quantile(later, 1),
      };
    },
  };
}

/** The smallest value that this part of the values does not exceed; `null` where there are none. */
export function quantile(values: readonly number[], part: number): number | null {
  const sorted = [...values].sort((one, other) => one - other);
  const at = Math.max(0, Math.ceil(sorted.length * part) - 1);
  return sorted[at] ?? null;
}
