/** Maps values to pixels in a straight line. */
export function linear(
  fromValue: number,
  toValue: number,
  fromPixel: number,
  toPixel: number,
): (value: number) => number {
  const span = toValue - fromValue || 1;
  return (value) => fromPixel + ((value - fromValue) / span) * (toPixel - fromPixel);
}

/** Round numbers from 0 to at least `most`, about `count` steps of 1, 2 or 5 times a power of ten. */
export function niceTicks(most: number, count: number): number[] {
  const rough = Math.max(most, 1e-9) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
  const ticks = Math.ceil(most / step - 1e-9);
  return Array.from({ length: Math.max(1, ticks) + 1 }, (_, index) => index * step);
}

/** 12,500 as 12.5k: for axes. */
export function shortNumber(value: number): string {
  if (value >= 1e6) return `${trimmed(value / 1e6)}M`;
  return value >= 10_000 ? `${trimmed(value / 1e3)}k` : trimmed(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function trimmed(value: number): string {
  return String(Math.round(value * 100) / 100);
}
