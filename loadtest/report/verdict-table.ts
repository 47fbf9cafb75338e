import type { ThresholdResult } from '../verdict/threshold.ts';

/** A number as people read it: whole from 100 up, else up to three digits. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

/** A measured value with its unit, or a dash. */
export function formatValue(value: number | undefined, unit: string): string {
  return value === undefined ? '–' : `${formatNumber(value)}${unit === '' ? '' : ` ${unit}`}`;
}

/** The thresholds as a table for the terminal, one line each. */
export function formatVerdict(thresholds: readonly ThresholdResult[]): string {
  const rows = thresholds.map(({ passed, name, value, comparison, limit, unit, note }) => [
    passed ? 'ok' : 'FAILED',
    name,
    formatValue(value, unit),
    limit === undefined ? '' : `${comparison} ${formatValue(limit, unit)}`,
    note ?? '',
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(0, ...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
