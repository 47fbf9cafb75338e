import { linear } from '../../report/scale.ts';
import type { Panel } from '../dashboard.ts';
import type { Line } from '../recording.ts';
import { type Box, colorOf, fitted, linePath, px, text } from './theme.ts';
import { formatValue } from './units.ts';

/** A large number on its colour, with its past behind it. */
export function drawStat(panel: Panel, lines: readonly Line[], box: Box): string {
  const { defaults } = panel.fieldConfig;
  // Of series that came and went, the one that is there now.
  const line = lines.toSorted((one, two) => lastAt(two) - lastAt(one))[0];
  const last = line?.values[lastAt(line)];
  const color = colorOf(
    defaults.thresholds.steps.findLast(({ value }) => value === null || (last ?? 0) >= value)!.color,
  );
  const shown = last === undefined ? 'No data' : formatValue(last, defaults.unit, defaults.decimals);
  const named = panel.options.textMode === 'value_and_name' ? line?.name : undefined;
  const middle = box.y + 30 + (box.h - 30) / 2;
  const size = shown.length > 9 ? 26 : 32;
  return [
    `<rect x="${px(box.x)}" y="${px(box.y)}" width="${px(box.w)}" height="${px(box.h)}" rx="3" fill="${color}" fill-opacity="0.62"/>`,
    line ? sparkline(line, box) : '',
    text(box.x + 10, box.y + 20, fitted(panel.title, box.w - 16, 13), { size: 13, fill: '#fff', bold: true }),
    text(box.x + box.w / 2, middle + (named ? 4 : 10), shown, {
      size,
      fill: '#fff',
      anchor: 'middle',
      bold: true,
    }),
    named ? text(box.x + box.w / 2, middle + 26, named, { size: 13, fill: '#fff', anchor: 'middle' }) : '',
  ].join('');
}

const lastAt = (line: Line) => line.values.findLastIndex((value) => value !== undefined);

function sparkline({ values }: Line, box: Box): string {
  const known = values.filter((value) => value !== undefined);
  const low = Math.min(0, ...known);
  const high = Math.max(...known, low + 1e-12);
  const x = linear(0, Math.max(1, values.length - 1), box.x, box.x + box.w);
  const y = linear(low, high, box.y + box.h - 1, box.y + box.h * 0.5);
  const points = values.map((value, at) => (value === undefined ? undefined : ([x(at), y(value)] as const)));
  const first = values.findIndex((value) => value !== undefined);
  const last = values.findLastIndex((value) => value !== undefined);
  if (first === last) return '';
  const ground = px(box.y + box.h);
  const area = `${linePath(points.filter((point) => point !== undefined))}L${px(x(last))} ${ground}L${px(x(first))} ${ground}Z`;
  return `<path d="${area}" fill="#fff" fill-opacity="0.16"/>`;
}
