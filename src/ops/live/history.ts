import type { Snapshot } from './snapshot.ts';

/** A quarter of an hour of seconds: what a page that is opened now can draw at once. */
const keptPoints = 900;

/** The columns of a point, in order. Seconds are fractions; `null`: not known. */
export const pointColumns = [
  'at',
  'offered',
  'accepted',
  'soldOut',
  'refused',
  'drained',
  'cap',
  'waiting',
  'p50',
  'p95',
  'p99',
] as const;

type Point = readonly (number | null)[];

/** The numbers of the last quarter of an hour, one point per snapshot. */
export function createHistory() {
  const points: Point[] = [];
  return {
    add(snapshot: Snapshot): void {
      points.push(pointOf(snapshot));
      if (points.length > keptPoints) points.shift();
    },
    toJson: () => JSON.stringify({ columns: pointColumns, points }),
  };
}

function pointOf({ at, orders, drained, cap, waiting, intakeSeconds }: Snapshot): Point {
  return [
    at,
    orders?.offered ?? null,
    orders?.accepted ?? null,
    orders?.soldOut ?? null,
    orders?.refused ?? null,
    drained?.perSecond ?? null,
    cap ? (cap.paused ? 0 : cap.ordersPerSecond) : null,
    waiting,
    intakeSeconds?.p50 ?? null,
    intakeSeconds?.p95 ?? null,
    intakeSeconds?.p99 ?? null,
  ];
}
