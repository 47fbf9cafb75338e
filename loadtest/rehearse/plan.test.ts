import { expect, it } from 'vitest';
import type { Fault } from './fault.ts';
import { type PlannedAct, planActs, strikesIn } from './plan.ts';

const fault = (name: string, strikes: number): Fault => ({
  name,
  summary: name,
  strikes,
  bound: 'role',
  strike: async () => ({ did: name }),
});
const faults = [fault('a', 100), fault('b', 30), fault('c', 1)];
const options = { seed: 4, faults, ordersPerSecond: 100, length: { rounds: 9 } };
const shape = (acts: Iterable<PlannedAct>) =>
  [...acts].map((act) => act.strikes.map(({ number, fault, atOrder }) => [number, fault.name, atOrder]));

it('the same seed plans the same strikes at the same orders, another seed others', () => {
  expect(shape(planActs(options))).toEqual(shape(planActs(options)));
  expect(shape(planActs({ ...options, seed: 5 }))).not.toEqual(shape(planActs(options)));
});

it('each fault strikes once a round, ten strikes to an act, one after the other', () => {
  const acts = [...planActs(options)];
  expect(acts.map(({ strikes }) => strikes.length)).toEqual([10, 10, 7]);
  const names = acts.flatMap(({ strikes }) => strikes.map((strike) => strike.fault.name));
  for (let round = 0; round < 9; round++) {
    expect(names.slice(round * 3, round * 3 + 3).sort()).toEqual(['a', 'b', 'c']);
  }
  for (const { strikes, orders } of acts) {
    const points = [0, ...strikes.map(({ atOrder }) => atOrder), orders];
    points.slice(1).forEach((point, at) => {
      expect(point).toBeGreaterThan(points[at]!);
    });
  }
});

it('a share of the full count has that share of each fault, and at least one', () => {
  const part = { ...options, length: { share: 0.1 } };
  const names = [...planActs(part)].flatMap(({ strikes }) => strikes.map((strike) => strike.fault.name));
  const count = (name: string) => names.filter((each) => each === name).length;
  expect([count('a'), count('b'), count('c')]).toEqual([10, 3, 1]);
  expect(strikesIn(part)).toBe(14);
});
