import { describe, expect, it } from 'vitest';
import { ratesBetween, totalsOf } from './rates.ts';

function look(
  atMs: number,
  sales: Record<string, [sequence: number, settled: number]>,
  pages: Record<number, string>,
) {
  const counters = new Map(
    Object.entries(sales).map(([saleId, [sequence, settled]]) => [saleId, { sequence, settled, items: [] }]),
  );
  const nothing = {
    cap: undefined,
    waiting: 0,
    oldestAgeMs: 0,
    drainSeconds: 0,
    depth: undefined,
    sales: [],
  };
  const byPid = new Map(Object.entries(pages).map(([pid, page]) => [Number(pid), page]));
  return totalsOf({ ...nothing, counters }, byPid, atMs);
}

const page = (soldOut: number, unavailable: number) =>
  `# HELP sluice_orders_total x
sluice_orders_total{outcome="accepted"} 7
sluice_orders_total{outcome="sold-out"} ${soldOut}
sluice_orders_total{outcome="unavailable"} ${unavailable}
sluice_orders_total{outcome="rate-limited"} 1
`;

describe('the rates between two looks', () => {
  it('are sums over sales and gateways, per second', () => {
    const before = look(1_000, { a: [10, 5], b: [100, 100] }, { 1: page(0, 0), 2: page(10, 0) });
    const now = look(3_000, { a: [30, 9], b: [100, 100] }, { 1: page(4, 2), 2: page(20, 0) });
    expect(ratesBetween(before, now)).toEqual({
      acceptedPerSecond: 10,
      drainedPerSecond: 2,
      soldOutPerSecond: 7,
      refusedPerSecond: 1,
    });
  });

  it('are unknown at the first look, and where nothing could be read', () => {
    const now = look(1_000, { a: [10, 5] }, { 1: page(0, 0) });
    const unknown = {
      acceptedPerSecond: null,
      drainedPerSecond: null,
      soldOutPerSecond: null,
      refusedPerSecond: null,
    };
    expect(ratesBetween(undefined, now)).toEqual(unknown);
    expect(ratesBetween(now, look(2_000, {}, {}))).toEqual(unknown);
  });

  it('leave out a gateway that has started again and a sale that is new, rather than show a fall or a leap', () => {
    const before = look(1_000, { a: [10, 5] }, { 1: page(1_000, 0), 2: page(5, 0) });
    const now = look(2_000, { a: [11, 6], restored: [9_000, 9_000] }, { 3: page(0, 0), 2: page(8, 0) });
    expect(ratesBetween(before, now)).toMatchObject({
      acceptedPerSecond: 1,
      drainedPerSecond: 1,
      soldOutPerSecond: 3,
    });
  });
});
