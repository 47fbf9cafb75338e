import type { CapChange } from '../../order/ports/audit.ts';

const secondUs = 1_000_000;

/** The caps that were in force, for questions about spans of time. */
export interface CapHistory {
  /** Since when caps are recorded; `undefined`: never. */
  readonly fromUs: number | undefined;
  /**
   * The most orders that may settle in the closed second that ends at `endUs`; `undefined` before the record.
   *
   * Under one cap that is the cap and one batch. Where it changed within the second: the largest of these, or
   * what the rule allows each part of the second by itself (its share of the cap and one batch), if that is more.
   */
  allowedOrders(endUs: number): number | undefined;
  /** The one cap that held throughout the calendar second, unpaused; else `undefined`. */
  steadyCap(second: number): number | undefined;
}

/**
 * @param burstOrders orders that may be written at one moment under a cap: one batch
 */
export function createCapHistory(
  changes: readonly CapChange[],
  burstOrders: (ordersPerSecond: number) => number,
): CapHistory {
  /** Index of the change in force at a moment, -1 before the first. */
  function indexAt(atUs: number): number {
    let low = 0;
    let high = changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (changes[middle]!.fromUs <= atUs) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  return {
    fromUs: changes[0]?.fromUs,

    allowedOrders(endUs) {
      const startUs = endUs - secondUs;
      const first = indexAt(startUs);
      const last = indexAt(endUs);
      if (first < 0) return undefined;
      let most = 0;
      let shares = 0;
      for (let i = first; i <= last; ) {
        const cap = changes[i]!.ordersPerSecond;
        // A pause leaves the cap as it is, and failed orders are recorded while paused.
        let next = i + 1;
        while (next <= last && changes[next]!.ordersPerSecond === cap) next += 1;
        const fromUs = Math.max(startUs, changes[i]!.fromUs);
        const toUs = next <= last ? changes[next]!.fromUs : endUs;
        most = Math.max(most, cap + burstOrders(cap));
        // 0.9: what the rule's tolerance adds to a batch, see cap-rule.ts.
        shares += (cap * (toUs - fromUs)) / secondUs + burstOrders(cap) + 0.9;
        i = next;
      }
      return Math.max(most, Math.floor(shares));
    },

    steadyCap(second) {
      const index = indexAt(second * secondUs);
      const change = changes[index];
      if (!change || change.paused || indexAt((second + 1) * secondUs - 1) !== index) return undefined;
      return change.ordersPerSecond;
    },
  };
}
