import { escapeHtml } from '../../../src/platform/escape-html.ts';

/** Grafana's dark theme, as far as it is drawn. */
export const theme = {
  page: '#111217',
  panel: '#181b1f',
  border: '#2b2d33',
  text: '#ccccdc',
  faint: '#9a9ba5',
  grid: '#2a2d33',
  font: "Inter, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif",
} as const;

const named: Readonly<Record<string, string>> = {
  green: '#73bf69',
  blue: '#5794f2',
  yellow: '#fade2a',
  orange: '#ff9830',
  red: '#f2495c',
  purple: '#b877d9',
};

/** The colour behind Grafana's name for it. */
export const colorOf = (name: string) => named[name] ?? name;

/** Colours of lines without one of their own, in turn. */
export const palette = [
  '#73bf69',
  '#f2cc0c',
  '#8ab8ff',
  '#ff780a',
  '#f2495c',
  '#5794f2',
  '#b877d9',
  '#37872d',
  '#fade2a',
  '#c15c17',
] as const;

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

interface TextStyle {
  readonly size?: number;
  readonly fill?: string;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly bold?: boolean;
}

/** A line of text with its baseline at `y`. */
export function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const { size = 12, fill = theme.faint, anchor = 'start', bold } = style;
  const weight = bold ? ' font-weight="500"' : '';
  return `<text x="${px(x)}" y="${px(y)}" font-size="${size}" fill="${fill}" text-anchor="${anchor}"${weight}>${escapeHtml(content)}</text>`;
}

/** Cuts what would not fit into a width, by the mean width of a letter. */
export function fitted(content: string, width: number, size = 12): string {
  const room = Math.floor(width / (size * 0.54));
  return content.length <= room ? content : `${content.slice(0, Math.max(1, room - 1))}…`;
}

export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

type Point = readonly [x: number, y: number];

/** The surface between two lines of as many points; none where there is a gap. */
export function areaPath(up: readonly (Point | undefined)[], down: readonly (Point | undefined)[]): string {
  const pieces: { up: Point[]; down: Point[] }[] = [];
  up.forEach((one, at) => {
    const other = down[at];
    if (!one || !other) return;
    if (at === 0 || !up[at - 1] || pieces.length === 0) pieces.push({ up: [], down: [] });
    pieces.at(-1)!.up.push(one);
    pieces.at(-1)!.down.push(other);
  });
  return pieces
    .filter((piece) => piece.up.length > 1)
    .map((piece) => `${linePath([...piece.up, ...piece.down.toReversed()])}Z`)
    .join('');
}

/** A path through points; a gap where there is none. */
export function linePath(points: readonly (Point | undefined)[]): string {
  let open = false;
  return points
    .map((point) => {
      if (!point) {
        open = false;
        return '';
      }
      const step = `${open ? 'L' : 'M'}${px(point[0])} ${px(point[1])}`;
      open = true;
      return step;
    })
    .join('');
}
