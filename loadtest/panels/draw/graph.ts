import type { Panel } from '../dashboard.ts';
import type { Line, Mark, Recording } from '../recording.ts';
import { timeAxis, valueAxis } from './axis.ts';
import { areaPath, type Box, colorOf, fitted, linePath, palette, px, text, theme } from './theme.ts';
import { formatValue } from './units.ts';

interface Styled extends Line {
  readonly color: string;
  readonly dashed: boolean;
  readonly last: number | undefined;
  readonly highest: number | undefined;
}

const rowHeight = 17;
const mostLegendRows = 5;

/** Lines over time above a legend with last and highest value. */
export function drawGraph(panel: Panel, recording: Recording, box: Box): string {
  const { defaults } = panel.fieldConfig;
  const lines = styled(panel, recording.panels[panel.id] ?? []);
  const legend = drawLegend(lines, defaults.unit, box);
  const plot: Box = {
    x: box.x + 74,
    y: box.y + 38,
    w: box.w - 74 - 14,
    h: box.h - 38 - 24 - legend.height,
  };
  if (lines.length === 0) {
    return text(box.x + box.w / 2, box.y + box.h / 2, 'No data', { size: 14, anchor: 'middle' });
  }
  const stacked = defaults.custom?.stacking?.mode === 'normal';
  const drawnAs: Drawn[] = stacked ? stack(lines) : lines.map((line) => ({ line, top: line.values }));
  const known = drawnAs.flatMap(({ top }) => top.filter((value) => value !== undefined));
  const high = Math.min(defaults.max ?? Number.POSITIVE_INFINITY, Math.max(0, ...known));
  const value = valueAxis(Math.min(0, ...known), high > 0 ? high * 1.02 : 1, defaults.unit, plot);
  const time = timeAxis(recording.span, plot);
  const { startMs, stepSeconds } = recording.span;
  const point = (values: readonly (number | undefined)[]) =>
    values.map((one, at) =>
      one === undefined ? undefined : ([time.x(startMs + at * stepSeconds * 1_000), value.y(one)] as const),
    );
  const opacity = (defaults.custom?.fillOpacity ?? 0) / 100;
  const ground = value.y(0);
  const parts = drawnAs.map(({ line, floor, top }) => {
    const up = point(top);
    const down = floor ? point(floor) : up.map((one) => one && ([one[0], ground] as const));
    const area = line.dashed
      ? ''
      : `<path d="${areaPath(up, down)}" fill="${line.color}" fill-opacity="${opacity}"/>`;
    const dash = line.dashed ? ' stroke-dasharray="10 6"' : '';
    return `${area}<path d="${linePath(up)}" fill="none" stroke="${line.color}" stroke-width="${line.dashed ? 2 : 1.5}" stroke-linejoin="round"${dash}/>`;
  });
  return [time.drawn, value.drawn, ...parts, drawMarks(recording.marks, time.x, plot), legend.drawn].join('');
}

function styled(panel: Panel, lines: readonly Line[]): Styled[] {
  return lines.map((line, at) => {
    const properties = panel.fieldConfig.overrides.find(
      ({ matcher }) => matcher.options === line.name,
    )?.properties;
    const color = properties?.find(({ id }) => id === 'color')?.value as { fixedColor: string } | undefined;
    const known = line.values.filter((value) => value !== undefined);
    return {
      ...line,
      color: color ? colorOf(color.fixedColor) : palette[at % palette.length]!,
      dashed: properties?.some(({ id }) => id === 'custom.lineStyle') ?? false,
      last: known.at(-1),
      highest: known.length > 0 ? Math.max(...known) : undefined,
    };
  });
}

interface Drawn {
  readonly line: Styled;
  /** Where its area ends below; absent: at 0. */
  readonly floor?: readonly number[];
  readonly top: readonly (number | undefined)[];
}

/** Each line on top of those before it; a dashed limit stands for itself. */
function stack(lines: readonly Styled[]): Drawn[] {
  let below: number[] = [];
  return lines.map((line) => {
    if (line.dashed) return { line, top: line.values };
    const floor = line.values.map((_, at) => below[at] ?? 0);
    const top = line.values.map((value, at) => floor[at]! + (value ?? 0));
    below = top;
    return { line, floor, top };
  });
}

function drawLegend(lines: readonly Styled[], unit: string, box: Box) {
  // Where they do not all fit, Grafana scrolls; a picture shows those that say the most.
  const alive = lines.filter(({ highest }) => highest);
  const room =
    lines.length <= mostLegendRows ? lines.length : Math.min(mostLegendRows - 1, Math.max(2, alive.length));
  const chosen = new Set(
    lines.toSorted((one, two) => (two.highest ?? 0) - (one.highest ?? 0)).slice(0, room),
  );
  const left = lines.filter((line) => !chosen.has(line));
  const height = (1 + chosen.size + (left.length > 0 ? 1 : 0)) * rowHeight;
  const top = box.y + box.h - height - 4;
  const [lastX, highestX] = [box.x + box.w - 92, box.x + box.w - 14];
  const write = (value: number | undefined) => (value === undefined ? '' : formatValue(value, unit));
  const rows = lines
    .filter((line) => chosen.has(line))
    .map((line, at) => {
      const y = top + (at + 2) * rowHeight - 5;
      return [
        `<rect x="${px(box.x + 12)}" y="${px(y - 5.5)}" width="14" height="3.5" rx="1.5" fill="${line.color}"/>`,
        text(box.x + 32, y, fitted(line.name, lastX - box.x - 110), { fill: theme.text }),
        text(lastX, y, write(line.last), { fill: theme.text, anchor: 'end' }),
        text(highestX, y, write(line.highest), { fill: theme.text, anchor: 'end' }),
      ].join('');
    });
  const rest = left.every(({ highest }) => !highest)
    ? `and ${left.length} more, all 0`
    : `and ${left.length} more`;
  const head = top + rowHeight - 5;
  const drawn = [
    text(box.x + 12, head, 'Name', { size: 11 }),
    text(lastX, head, 'Last', { size: 11, anchor: 'end' }),
    text(highestX, head, 'Max', { size: 11, anchor: 'end' }),
    ...rows,
    left.length > 0 ? text(box.x + 32, top + (chosen.size + 2) * rowHeight - 5, rest) : '',
  ].join('');
  return { height, drawn };
}

/** Dashed lines where something happened, each with a foot in its colour. */
export function drawMarks(marks: readonly Mark[], x: (ms: number) => number, plot: Box): string {
  return marks
    .map(({ atMs, color }) => {
      const [at, foot, paint] = [x(atMs), plot.y + plot.h, colorOf(color)];
      return `<path d="M${px(at)} ${px(plot.y)}v${px(plot.h)}" stroke="${paint}" stroke-dasharray="3 3"/><path d="M${px(at - 4)} ${px(foot + 5)}h8l-4 -6z" fill="${paint}"/>`;
    })
    .join('');
}
