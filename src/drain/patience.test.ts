import { expect, it } from 'vitest';
import { createPatience } from './patience.ts';

const spacingMs = 25;

interface Drainer {
  readonly patience: ReturnType<typeof createPatience>;
  readonly endsAtMs: number;
  atMs: number;
  waitedMs: number;
}

/**
 * Drainers that take turns at a cap which forgives one turn's lateness, as the ledger's does; each comes up to
 * `lateMs` later than it meant to. Resolves with batches written and tries made in each second.
 */
function simulate(drainers: readonly Omit<Drainer, 'atMs' | 'waitedMs'>[], seconds: number, lateMs: number) {
  let seed = 1;
  const random = () => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const all: Drainer[] = drainers.map((one, i) => ({ ...one, atMs: i, waitedMs: 0 }));
  const written = new Array<number>(seconds).fill(0);
  const tries = new Array<number>(seconds).fill(0);
  let freeAtMs = 0;
  for (;;) {
    const one = all.filter(({ endsAtMs, atMs }) => atMs < endsAtMs).sort((a, b) => a.atMs - b.atMs)[0];
    if (!one || one.atMs >= seconds * 1_000) return { written, tries };
    const second = Math.floor(one.atMs / 1_000);
    tries[second]! += 1;
    const late = random() * lateMs;
    if (one.atMs < freeAtMs) {
      one.waitedMs += freeAtMs - one.atMs;
      one.atMs = freeAtMs + late;
      continue;
    }
    written[second]! += 1;
    freeAtMs = Math.max(freeAtMs, one.atMs - spacingMs) + spacingMs;
    const nextInMs = Math.max(0, freeAtMs - one.atMs);
    one.atMs += nextInMs + one.patience({ waitedMs: one.waitedMs, nextInMs, spacingMs }) + late;
    one.waitedMs = 0;
  }
}

const sum = (counts: readonly number[]) => counts.reduce((total, one) => total + one, 0);

it.each([
  [1, 3],
  [2, 3],
  [4, 3],
  [4, 10],
  [8, 3],
])(
  '%d drainers that come up to %d ms late use the cap, and try little more often than they write',
  (n, lateMs) => {
    const drainers = Array.from({ length: n }, () => ({ patience: createPatience(), endsAtMs: 60_000 }));
    const { written, tries } = simulate(drainers, 60, lateMs);
    expect(sum(written)).toBeGreaterThanOrEqual(0.97 * 60 * (1_000 / spacingMs));
    const withoutPatience = drainers.map((one) => ({ ...one, patience: () => 0 }));
    expect(sum(tries) / sum(written)).toBeLessThan(2.2);
    if (n >= 4) expect(sum(simulate(withoutPatience, 60, lateMs).tries) / sum(written)).toBeGreaterThan(2.9);
  },
);

it('who is left alone takes all turns within a second', () => {
  const drainers = [60_000, 30_000, 30_000, 30_000].map((endsAtMs) => ({
    patience: createPatience(),
    endsAtMs,
  }));
  const { written } = simulate(drainers, 60, 3);
  expect(sum(written.slice(31))).toBeGreaterThanOrEqual(0.97 * 29 * (1_000 / spacingMs));
  expect(written[30]).toBeGreaterThan(0.6 * (1_000 / spacingMs));
});
