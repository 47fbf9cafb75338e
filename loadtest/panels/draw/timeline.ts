import type { Panel } from '../dashboard.ts';
import type { Line, Recording } from '../recording.ts';
import { timeAxis } from './axis.ts';
import { drawMarks } from './graph.ts';
import { type Box, colorOf, fitted, px, text, theme } from './theme.ts';

/** One bar per series, cut where its state changes. */
export function drawTimeline(panel: Panel, recording: Recording, box: Box): string {
  const lines = recording.panels[panel.id] ?? [];
  const states = panel.fieldConfig.defaults.mappings[0]?.options ?? {};
  const plot: Box = { x: box.x + 118, y: box.y + 38, w: box.w - 118 - 14, h: box.h - 38 - 46 };
  const { startMs, stepSeconds } = recording.span;
  const time = timeAxis(recording.span, plot);
  const lane = plot.h / Math.max(1, lines.length);
  const bars = lines.map((line, row) => {
    const y = plot.y + row * lane + lane * 0.1;
    const drawn = runsOf(line).map(({ from, to, value }) => {
      const state = states[String(value)];
      const [x1, x2] = [from, to].map((at) =>
        time.x(Math.min(recording.span.endMs, startMs + at * stepSeconds * 1_000)),
      );
      const label =
        state && x2! - x1! > 60
          ? text(x1! + 8, y + lane * 0.4 + 4, state.text, { fill: '#111217', bold: true })
          : '';
      return `<rect x="${px(x1!)}" y="${px(y)}" width="${px(x2! - x1!)}" height="${px(lane * 0.8)}" fill="${colorOf(state?.color ?? 'grey')}" fill-opacity="0.8"/>${label}`;
    });
    return `${drawn.join('')}${text(plot.x - 8, y + lane * 0.4 + 4, fitted(line.name, 108), { anchor: 'end' })}`;
  });
  const legend = Object.values(states).map(
    ({ text: label, color }, at) =>
      `<rect x="${px(box.x + 12 + at * 90)}" y="${px(box.y + box.h - 15)}" width="14" height="3.5" rx="1.5" fill="${colorOf(color ?? 'grey')}"/>${text(box.x + 32 + at * 90, box.y + box.h - 9, label, { fill: theme.text })}`,
  );
  return [time.drawn, ...bars, drawMarks(recording.marks, time.x, plot), ...legend].join('');
}

/** Stretches of one value, in steps. */
function runsOf({ values }: Line): { from: number; to: number; value: number }[] {
  const runs: { from: number; to: number; value: number }[] = [];
  values.forEach((value, at) => {
    const current = runs.at(-1);
    if (value === undefined) return;
    if (current && current.to === at && current.value === value) current.to = at + 1;
    else runs.push({ from: at, to: at + 1, value });
  });
  return runs;
}
