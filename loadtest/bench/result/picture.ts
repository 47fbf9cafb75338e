import { escapeHtml } from '../../../src/platform/escape-html.ts';
import type { FigureName } from '../figure.ts';
import type { BenchResult } from './summary.ts';
import { whole } from './table.ts';

interface Bar {
  readonly figure: FigureName;
  readonly label: string;
  readonly kind: 'sluice' | 'ceiling' | 'other';
}

interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const panels: readonly Panel[] = [
  {
    title: 'Answered, orders/s',
    bars: [
      { figure: 'bare', label: 'Bare Fastify: the ceiling', kind: 'ceiling' },
      { figure: 'soldOut', label: 'Sluice: sold out', kind: 'sluice' },
      { figure: 'accepted', label: 'Sluice: accepted, confirmed by the broker', kind: 'sluice' },
      { figure: 'bullmqAccepted', label: 'BullMQ: accepted', kind: 'other' },
      { figure: 'perRequestCall', label: 'One stored function per request', kind: 'other' },
      { figure: 'perRequest', label: 'One transaction per request', kind: 'other' },
    ],
  },
  {
    title: 'Committed to Postgres, orders/s',
    bars: [
      { figure: 'acceptedDrained', label: 'Sluice: backlog, cap lifted', kind: 'sluice' },
      { figure: 'endToEnd', label: 'Sluice: first request to last commit', kind: 'sluice' },
      { figure: 'endToEndFollowed', label: 'Sluice: the same, with two followers', kind: 'sluice' },
      { figure: 'bullmqDrained', label: 'BullMQ: backlog', kind: 'other' },
      { figure: 'perRequestCall', label: 'One stored function per request', kind: 'other' },
      { figure: 'perRequest', label: 'One transaction per request', kind: 'other' },
    ],
  },
];

const width = 840;
const margin = 28;
const labelWidth = 300;
const barLeft = margin + labelWidth + 12;
/** Room behind the longest bar for its number. */
const barSpan = width - barLeft - margin - 70;
const rowHeight = 32;
const barHeight = 20;
const panelGap = 22;
const titleHeight = 30;

// A card of its own background: the page around it may be dark while the reader's system is light.
const style = `
  .card { fill: #ffffff; stroke: #d0d7de } text { font: 14px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px } .value { font-weight: 600; font-variant-numeric: tabular-nums } .small { font-size: 12px; fill: #59636e }
  .sluice { fill: #0969da } .ceiling { fill: #afb8c1 } .other { fill: #bf8700 } .spread { stroke: #1f2328; stroke-width: 1.5; opacity: .55 }
  @media (prefers-color-scheme: dark) {
    .card { fill: #0d1117; stroke: #3d444d } text { fill: #f0f6fc } .small { fill: #9198a1 }
    .sluice { fill: #4493f8 } .ceiling { fill: #656c76 } .other { fill: #d29922 } .spread { stroke: #f0f6fc }
  }`;

/** The medians as bars on one scale, the rounds' spread as whiskers, the hardware below; SVG, light and dark. */
export function drawPicture({ figures, environment, settings, startedAt }: BenchResult): string {
  const shown = panels
    .map((panel) => ({ ...panel, bars: panel.bars.filter(({ figure }) => figures[figure]) }))
    .filter(({ bars }) => bars.length > 0);
  const highest = Math.max(
    1,
    ...shown.flatMap(({ bars }) => bars.map(({ figure }) => figures[figure]!.most)),
  );
  const toWidth = (value: number) => Math.max(1, (value / highest) * barSpan);
  const parts: string[] = [];
  let y = margin;
  for (const { title, bars } of shown) {
    parts.push(text(margin, y + 14, title, 'title'));
    y += titleHeight;
    for (const { figure, label, kind } of bars) {
      const { median, least, most } = figures[figure]!;
      const middle = y + barHeight / 2;
      parts.push(
        text(margin + labelWidth, middle + 5, label, '', 'end'),
        `<rect class="${kind}" x="${barLeft}" y="${y}" width="${px(toWidth(median))}" height="${barHeight}" rx="2"/>`,
        `<line class="spread" x1="${px(barLeft + toWidth(least))}" x2="${px(barLeft + toWidth(most))}" y1="${middle}" y2="${middle}"/>`,
        text(barLeft + toWidth(most) + 8, middle + 5, whole(median), 'value'),
      );
      y += rowHeight;
    }
    y += panelGap;
  }
  const { cpu, cores, memoryGiB, node } = environment;
  const notes = [
    `Medians of ${settings.rounds} interleaved rounds of ${settings.seconds} s; lines: least to most. Every figure’s orders audited. ${startedAt.slice(0, 10)}.`,
    `${cpu}, ${cores} cores shared by servers and load generator, ${Math.round(memoryGiB)} GiB, Node ${node.replace('v', '')}.`,
  ];
  for (const note of notes) {
    parts.push(text(margin, y + 4, note, 'small'));
    y += 18;
  }
  const height = y + margin - 14;
  const summary = shown
    .flatMap(({ title, bars }) =>
      bars.map(({ figure, label }) => `${title}: ${label} ${whole(figures[figure]!.median)}`),
    )
    .join('; ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>Sluice against the ceiling and the alternatives</title><desc>${escapeHtml(summary)}</desc>`,
    `<style>${style}\n</style>`,
    `<rect class="card" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function text(x: number, y: number, content: string, name: string, anchor = 'start'): string {
  const kind = name ? ` class="${name}"` : '';
  const at = anchor === 'start' ? '' : ` text-anchor="${anchor}"`;
  return `<text${kind} x="${px(x)}" y="${px(y)}"${at}>${escapeHtml(content)}</text>`;
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
