import { linear, niceTicks } from '../../report/scale.ts';
import type { Span } from '../prometheus.ts';
import { type Box, px, text, theme } from './theme.ts';
import { formatValue, scaleFor } from './units.ts';

export interface ValueAxis {
  readonly y: (value: number) => number;
  readonly drawn: string;
}

/** Round values from the lowest to the highest, in the unit in which they read best. */
export function valueAxis(low: number, high: number, unit: string, plot: Box): ValueAxis {
  const { per } = scaleFor(unit, Math.max(Math.abs(low), high));
  const count = plot.h > 120 ? 5 : 4;
  const step = niceTicks((high - Math.min(0, low)) / per, count)[1]!;
  const above = Array.from(
    { length: Math.max(1, Math.ceil(high / per / step - 1e-9)) + 1 },
    (_, at) => at * step,
  );
  const below = low < 0 ? Math.ceil(-low / per / step - 1e-9) : 0;
  const ticks = [...Array.from({ length: below }, (_, at) => (at - below) * step), ...above];
  const y = linear(ticks[0]! * per, ticks.at(-1)! * per, plot.y + plot.h, plot.y);
  const drawn = ticks
    .map((tick) => {
      const at = y(tick * per);
      const label = tick === 0 ? formatValue(0, unit) : formatValue(tick * per, unit);
      return `<path d="M${px(plot.x)} ${px(at)}h${px(plot.w)}" stroke="${theme.grid}"/>${text(plot.x - 6, at + 4, label, { size: 11, anchor: 'end' })}`;
    })
    .join('');
  return { y, drawn };
}

export interface TimeAxis {
  readonly x: (ms: number) => number;
  readonly drawn: string;
}

const intervals = [5, 10, 15, 30, 60, 120, 300];

/** Clock times, below the plot. */
export function timeAxis({ startMs, endMs }: Span, plot: Box): TimeAxis {
  const x = linear(startMs, endMs, plot.x, plot.x + plot.w);
  const most = Math.max(2, Math.floor(plot.w / 75));
  const seconds = (endMs - startMs) / 1_000;
  const every = (intervals.find((interval) => seconds / interval <= most) ?? 600) * 1_000;
  const ticks: number[] = [];
  for (let at = Math.ceil(startMs / every) * every; at <= endMs; at += every) ticks.push(at);
  const drawn = ticks
    .filter((at) => x(at) > plot.x + 22 && x(at) < plot.x + plot.w - 22)
    .map((at) => {
      const clock = new Date(at).toISOString().slice(11, 19);
      return `<path d="M${px(x(at))} ${px(plot.y)}v${px(plot.h)}" stroke="${theme.grid}"/>${text(x(at), plot.y + plot.h + 16, clock, { size: 11, anchor: 'middle' })}`;
    })
    .join('');
  return { x, drawn };
}
