import { describe, expect, it } from 'vitest';
import { createRandom } from '../random.ts';
import { fitTrend, grows } from './trend.ts';

const seconds = Array.from({ length: 900 }, (_, index) => index * 2);
const series = (of: (second: number) => number) => seconds.map((second) => ({ second, value: of(second) }));

describe('a trend', () => {
  it('is the line that the values lie on, whatever they did while settling', () => {
    const trend = fitTrend(series((second) => (second < 500 ? 900 - second : 100 + 0.01 * second)))!;
    expect(trend.perSecond).toBeCloseTo(0.01, 6);
    expect(trend.noisePerSecond).toBeLessThan(1e-6);
    expect(trend.start - trend.perSecond * trend.fromSecond).toBeCloseTo(100, 3);
    expect(grows(trend, 1)).toBe(true);
  });

  it('of noise around a level lies within its own noise, in 199 of 200 cases at least', () => {
    let wrong = 0;
    for (let run = 0; run < 200; run++) {
      const random = createRandom(7, run);
      const { perSecond, noisePerSecond } = fitTrend(series(() => 100 + random.below(20)))!;
      if (Math.abs(perSecond) > noisePerSecond) wrong++;
    }
    expect(wrong).toBeLessThanOrEqual(1);
  });

  it('of memory that rises to each collection and falls does not grow, but what a leak adds shows', () => {
    const sawtooth = (second: number) => 100 + (second % 240) / 8;
    expect(grows(fitTrend(series(sawtooth))!, 1)).toBe(false);
    expect(grows(fitTrend(series((second) => sawtooth(second) + second / 30))!, 1)).toBe(true);
  });

  it('of one step is told from a slope, and one of less than a hundredth or than one piece is none', () => {
    expect(grows(fitTrend(series((second) => (second < 1_700 ? 100 : 110)))!, 1)).toBe(false);
    expect(grows(fitTrend(series((second) => 1_000 + second / 1_000))!, 1)).toBe(false);
    expect(grows(fitTrend(series((second) => 10 + second / 3_000))!, 1)).toBe(false);
    expect(grows(fitTrend(series((second) => 100 - second / 100))!, 1)).toBe(false);
  });

  it('needs values in each of its spans', () => {
    expect(fitTrend([])).toBeUndefined();
    expect(fitTrend(series(() => 1).slice(0, 12))).toBeUndefined();
    expect(
      fitTrend(series(() => 1).filter(({ second }) => second < 1_000 || second > 1_200)),
    ).toBeUndefined();
  });
});
