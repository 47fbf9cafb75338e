import type { SettledBatch } from '../../order/ports/audit.ts';
import type { CapHistory } from './cap-history.ts';
import { type AuditCheck, createCheck, type Offence } from './report.ts';

const secondUs = 1_000_000;

export interface BusiestSecond {
  readonly orders: number;
  /** Its end, microseconds since the epoch. */
  readonly endUs: number;
  readonly allowedOrders: number | undefined;
}

/** Promise 5: no closed sliding second has more orders than the cap and one batch. Batches in order of time. */
export async function checkBusiestSecond(
  batches: AsyncIterable<readonly SettledBatch[]>,
  caps: CapHistory,
  progress: (doing: string) => void,
): Promise<{ check: AuditCheck; busiest: BusiestSecond | undefined }> {
  const check = createCheck('cap-kept', 5);
  let busiest: BusiestSecond | undefined;
  let window: SettledBatch[] = [];
  let start = 0;
  let orders = 0;
  let looked = 0;
  /** The worst window of those that overlap the first one over the cap. */
  let over: { offence: Offence; firstUs: number; excess: number } | undefined;

  function judge(endUs: number): void {
    const allowedOrders = caps.allowedOrders(endUs);
    if (!busiest || orders > busiest.orders) busiest = { orders, endUs, allowedOrders };
    if (allowedOrders === undefined) {
      check.cannotJudge('some orders were written before caps were recorded');
      return;
    }
    if (orders <= allowedOrders) return;
    if (over && endUs - over.firstUs > secondUs) {
      check.offend(over.offence);
      over = undefined;
    }
    const excess = orders - allowedOrders;
    if (over && excess <= over.excess) return;
    const offence = { from: iso(endUs - secondUs), to: iso(endUs), orders, allowedOrders };
    over = { offence, firstUs: over?.firstUs ?? endUs, excess };
  }

  for await (const page of batches) {
    for (const batch of page) {
      window.push(batch);
      orders += batch.orders;
      looked += batch.orders;
      while (window[start]!.atUs < batch.atUs - secondUs) orders -= window[start++]!.orders;
      judge(batch.atUs);
    }
    window = window.slice(start);
    start = 0;
    progress(`${looked} orders held against the cap`);
  }
  if (over) check.offend(over.offence);
  check.look(looked);
  const said = busiest
    ? `${busiest.orders} orders in the busiest second, of ${busiest.allowedOrders ?? '?'} allowed`
    : 'no orders were written';
  return {
    check: check.done(
      () => said,
      (n) => `${n} seconds with more orders than the cap and one batch`,
    ),
    busiest,
  };
}

export function iso(us: number): string {
  return new Date(us / 1_000).toISOString();
}
