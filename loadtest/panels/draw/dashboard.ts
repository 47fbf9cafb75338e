import type { Dashboard, Panel } from '../dashboard.ts';
import type { Recording } from '../recording.ts';
import { drawGraph } from './graph.ts';
import { drawStat } from './stat.ts';
import { type Box, colorOf, fitted, px, text, theme } from './theme.ts';
import { drawTimeline } from './timeline.ts';

const width = 1_240;
const columnWidth = width / 24;
const lineHeight = 34;
const headHeight = 62;
const gap = 8;

/** The dashboard as Grafana would show it over the recorded span, dark, as SVG. */
export function drawDashboard(dashboard: Dashboard, recording: Recording): string {
  const lines = Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const height = headHeight + lines * lineHeight + gap;
  const title = `Dashboard ${dashboard.title}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width + gap} ${height}" width="${width + gap}" height="${height}" font-family="${theme.font}" role="img" aria-label="${title}">`,
    `<title>${title}</title><rect width="100%" height="100%" fill="${theme.page}"/>`,
    drawHead(dashboard, recording),
    ...dashboard.panels.map((panel) => drawPanel(panel, recording)),
    '</svg>\n',
  ].join('');
}

function drawHead({ title }: Dashboard, { span, marks }: Recording): string {
  const clock = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
  let x = 14;
  const legend = marks.map((mark) => {
    const drawn = `<path d="M${px(x)} ${px(51)}h8l-4 -7z" fill="${colorOf(mark.color)}"/>${text(x + 14, 51, mark.title)}`;
    x += 34 + mark.title.length * 6.3;
    return drawn;
  });
  return [
    text(12, 26, 'Sluice', { size: 17, fill: theme.faint }),
    text(64, 26, `/  ${title}`, { size: 17, fill: theme.text, bold: true }),
    text(width, 26, `${clock(span.startMs)} to ${clock(span.endMs)} UTC`, { size: 12, anchor: 'end' }),
    ...legend,
  ].join('');
}

function drawPanel(panel: Panel, recording: Recording): string {
  const { x, y, w, h } = panel.gridPos;
  const box: Box = {
    x: x * columnWidth + gap,
    y: headHeight + y * lineHeight,
    w: w * columnWidth - gap,
    h: h * lineHeight - gap,
  };
  if (panel.type === 'row') {
    return `<path d="M${px(box.x + 4)} ${px(box.y + 11)}l5 5l5 -5" fill="none" stroke="${theme.text}" stroke-width="1.5"/>${text(box.x + 22, box.y + 18, panel.title, { size: 14, fill: theme.text, bold: true })}`;
  }
  if (panel.type === 'stat') return drawStat(panel, recording.panels[panel.id] ?? [], box);
  const content =
    panel.type === 'timeseries' ? drawGraph(panel, recording, box) : drawTimeline(panel, recording, box);
  return [
    `<rect x="${px(box.x)}" y="${px(box.y)}" width="${px(box.w)}" height="${px(box.h)}" rx="3" fill="${theme.panel}" stroke="${theme.border}"/>`,
    text(box.x + 12, box.y + 23, fitted(panel.title, box.w - 20, 13), {
      size: 13,
      fill: theme.text,
      bold: true,
    }),
    content,
  ].join('');
}
