import type { ChartSize } from './time-chart.ts';

const WIDE = 1_000;
const NARROW = 340;

/** A chart drawn twice, of which the style sheet shows the one that fits the screen. */
export function bothSizes(draw: (size: ChartSize) => string, height: number): string {
  const wide = draw({ width: WIDE, height });
  const narrow = draw({ width: NARROW, height: Math.round(height * 0.8) });
  return `<div class="wide">${wide}</div><div class="narrow">${narrow}</div>`;
}
