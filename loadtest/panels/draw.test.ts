import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Dashboard, readDashboards } from './dashboard.ts';
import { drawDashboard } from './draw/dashboard.ts';
import { areaPath, linePath } from './draw/theme.ts';
import { formatValue } from './draw/units.ts';
import type { Line, Recording } from './recording.ts';

const project = join(import.meta.dirname, '../..');
const dashboards = readDashboards(join(project, 'grafana/dashboards'));
const largest = 400_000;

/** A minute in which every panel shows two lines, the first with a gap and below 0. */
function minuteOf({ panels }: Dashboard, names: readonly [string, string]): Recording {
  const lines: Line[] = names.map((name, line) => ({
    name,
    values: Array.from({ length: 61 }, (_, at) => {
      if (line === 0) return at > 20 && at < 30 ? undefined : at - 10;
      return at % 2;
    }),
  }));
  return {
    span: { startMs: 1_800_000_000_000, endMs: 1_800_000_060_000, stepSeconds: 1 },
    panels: Object.fromEntries(panels.map(({ id }) => [id, lines])),
    marks: [{ atMs: 1_800_000_030_000, title: 'Something <happened>', color: 'red' }],
  };
}

describe.each([...dashboards])('the picture of %s', (_name, dashboard) => {
  const picture = drawDashboard(dashboard, minuteOf(dashboard, ['one', 'two']));

  it('shows every panel', () => {
    for (const { title, gridPos } of dashboard.panels) {
      // Narrow panels cut long titles.
      const shown = title.slice(0, Math.min(title.length, gridPos.w * 4));
      expect(picture).toContain(shown.replaceAll('&', '&amp;'));
    }
  });

  it('is drawn in numbers only, and light', () => {
    expect(picture).not.toMatch(/NaN|undefined|Infinity/);
    expect(picture.length).toBeLessThan(largest);
  });

  it('shows a panel without data as such, and takes names for text', () => {
    const none = drawDashboard(dashboard, { ...minuteOf(dashboard, ['a', 'b']), panels: {} });
    expect(none).toContain('No data');
    expect(none).not.toMatch(/NaN|undefined|Infinity/);
    const hostile = drawDashboard(dashboard, minuteOf(dashboard, ['<script>', '"quoted" & more']));
    expect(hostile).not.toContain('<script>');
    expect(hostile).not.toContain('<happened>');
  });
});

it('the pictures in the documentation are light enough to be loaded with the page', () => {
  const folder = join(project, 'docs/images');
  const pictures = readdirSync(folder).filter((file) => file.startsWith('dashboard-'));
  expect(pictures.length).toBeGreaterThan(3);
  for (const file of pictures) expect(statSync(join(folder, file)).size, file).toBeLessThan(largest);
});

it('nothing is drawn across a gap', () => {
  const up = [[0, 5], [1, 6], undefined, [3, 7], [4, 8]] as const;
  const down = up.map((one) => one && ([one[0], 0] as const));
  expect(linePath(up)).toBe('M0 5L1 6M3 7L4 8');
  expect(areaPath(up, down)).toBe('M0 5L1 6L1 0L0 0ZM3 7L4 8L4 0L3 0Z');
});

it.each([
  [0, 's', '0 s'],
  [0.0042, 's', '4.2 ms'],
  [0.0000005, 's', '0.5 µs'],
  [59.4, 's', '59.4 s'],
  [312, 's', '5.2 mins'],
  [2_000, 'reqps', '2K req/s'],
  [1_254, 'reqps', '1.25K req/s'],
  [163_002, 'short', '163 K'],
  [152_043_520, 'bytes', '145 MiB'],
  [0.9712, 'percentunit', '97.1%'],
  [-3, 'short', '-3'],
])('%d in %s is written %s', (value, unit, written) => {
  expect(formatValue(value, unit)).toBe(written);
});
