/** How a unit writes a value: the factor to divide by, and what stands behind. */
interface Scale {
  readonly per: number;
  readonly suffix: string;
}

const seconds: readonly Scale[] = [
  { per: 3600, suffix: ' hours' },
  { per: 60, suffix: ' mins' },
  { per: 1, suffix: ' s' },
  { per: 1e-3, suffix: ' ms' },
  { per: 1e-6, suffix: ' µs' },
];
const binary: readonly Scale[] = [
  { per: 2 ** 40, suffix: ' TiB' },
  { per: 2 ** 30, suffix: ' GiB' },
  { per: 2 ** 20, suffix: ' MiB' },
  { per: 2 ** 10, suffix: ' KiB' },
  { per: 1, suffix: ' B' },
];
const thousands = (unit: string): readonly Scale[] => [
  { per: 1e9, suffix: ` G${unit}` },
  { per: 1e6, suffix: unit === '' ? ' Mil' : ` M${unit}` },
  { per: 1e3, suffix: unit === '' ? ' K' : `K ${unit}` },
  { per: 1, suffix: unit === '' ? '' : ` ${unit}` },
];

const scales: Readonly<Record<string, readonly Scale[]>> = {
  s: seconds,
  bytes: binary,
  percentunit: [{ per: 0.01, suffix: '%' }],
  reqps: thousands('req/s'),
  ops: thousands('ops/s'),
  short: thousands(''),
};

/** The scale in which the largest of some values reads best. */
export function scaleFor(unit: string, largest: number): Scale {
  const choices = scales[unit] ?? scales.short!;
  const size = Math.abs(largest);
  if (size === 0) return choices.find(({ per }) => per === 1) ?? choices.at(-1)!;
  return choices.find(({ per }) => size >= per * 0.9995) ?? choices.at(-1)!;
}

/** A value as Grafana writes it: three digits that count, or as many decimals as asked for. */
export function formatValue(value: number, unit: string, decimals?: number): string {
  const { per, suffix } = scaleFor(unit, value);
  const scaled = value / per;
  if (decimals !== undefined) return `${scaled.toFixed(decimals)}${suffix}`;
  const whole = Math.abs(scaled) >= 100 ? 0 : Math.abs(scaled) >= 10 ? 1 : 2;
  return `${Number(scaled.toFixed(whole))}${suffix}`;
}
