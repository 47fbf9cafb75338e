import { escapeHtml } from '../../src/platform/escape-html.ts';
import { linear, niceTicks, shortNumber } from './scale.ts';

/** One line over time: a value for each second from 0, undefined where there is none. */
export interface TimeSeries {
  readonly name: string;
  /** Class of the style sheet that gives it its colour. */
  readonly tone: 'offered' | 'accepted' | 'refused' | 'drained' | 'waiting' | 'errors';
  readonly values: readonly (number | undefined)[];
  readonly filled?: boolean;
  /** Of an earlier run. */
  readonly dashed?: boolean;
}

export interface TimeChart {
  /** Said to those who do not see the picture. */
  readonly title: string;
  readonly unit: string;
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly series: readonly TimeSeries[];
  readonly line?: { readonly value: number; readonly label: string };
  /** Highest values are named at their place. */
  readonly markHighest?: boolean;
  /** Stretches of time in which something was different. */
  readonly bands?: readonly TimeBand[];
}

export interface TimeBand {
  readonly fromSecond: number;
  readonly toSecond: number;
  /** Shown above it where there is room. */
  readonly mark: string;
  /** Said under the pointer. */
  readonly label: string;
}

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

const MARGIN = { top: 22, right: 14, bottom: 26, left: 50 };
const MOST_POINTS = 360;

/** Draws per-second values as steps, because they are counts of a second and not of a moment. */
export function drawTimeChart(chart: TimeChart, { width, height }: ChartSize): string {
  const stride = Math.max(1, Math.ceil(chart.seconds / MOST_POINTS));
  const series = chart.series.map((each) => ({ ...each, values: thinOut(each.values, stride) }));
  const highest = Math.max(
    1,
    chart.line?.value ?? 0,
    ...series.flatMap(({ values }) => values.map((value) => value ?? 0)),
  );
  const yTicks = niceTicks(highest * 1.05, 4);
  const x = linear(0, Math.max(1, chart.seconds), MARGIN.left, width - MARGIN.right);
  const y = linear(0, yTicks.at(-1)!, height - MARGIN.bottom, MARGIN.top);
  const bottom = height - MARGIN.bottom;
  const at = (index: number) => x(Math.min(chart.seconds, index * stride));
  const parts = [
    warmupBand(chart, x, bottom, width),
    timeBands(chart.bands ?? [], x, bottom),
    ...yTicks.map(
      (tick) =>
        `<line class="grid" x1="${MARGIN.left}" x2="${width - MARGIN.right}" y1="${px(y(tick))}" y2="${px(y(tick))}"/>` +
        `<text class="tick" x="${MARGIN.left - 7}" y="${px(y(tick) + 4)}" text-anchor="end">${shortNumber(tick)}</text>`,
    ),
    `<text class="tick" x="2" y="11">${escapeHtml(chart.unit)}</text>`,
    ...timeTicks(chart.seconds, width).map(
      (tick) =>
        `<text class="tick" x="${px(x(tick))}" y="${height - 8}" text-anchor="middle">${tick} s</text>`,
    ),
    ...series.map(({ tone, values, filled, dashed }) => {
      const line = stepPath(values, at, y);
      const area = filled ? `<path class="area ${tone}" d="${areaPath(values, at, y, bottom)}"/>` : '';
      return `${area}<path class="line ${tone}${dashed ? ' dashed' : ''}" d="${line}"/>`;
    }),
    chart.line ? referenceLine(chart.line, y, width) : '',
    chart.markHighest
      ? series
          .filter(({ dashed }) => !dashed)
          .map(({ values }) => highestMark(values, at, y, width))
          .join('')
      : '',
    hoverColumns(series, chart.bands ?? [], at, stride, chart.seconds, bottom),
  ];
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeHtml(chart.title)}">${parts.join('')}</svg>`;
}

function thinOut(values: readonly (number | undefined)[], stride: number): (number | undefined)[] {
  return Array.from({ length: Math.ceil(values.length / stride) }, (_, index) => {
    const known = values.slice(index * stride, (index + 1) * stride).filter((value) => value !== undefined);
    return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
  });
}

type Scale = (value: number) => number;

function stepPath(values: readonly (number | undefined)[], at: Scale, y: Scale): string {
  let open = false;
  return values
    .map((value, index) => {
      if (value === undefined) {
        open = false;
        return '';
      }
      const start = open ? `V${px(y(value))}` : `M${px(at(index))} ${px(y(value))}`;
      open = true;
      return `${start}H${px(at(index + 1))}`;
    })
    .join('');
}

function areaPath(values: readonly (number | undefined)[], at: Scale, y: Scale, bottom: number): string {
  return values
    .map((value, index) =>
      value === undefined || value === 0
        ? ''
        : `M${px(at(index))} ${px(bottom)}V${px(y(value))}H${px(at(index + 1))}V${px(bottom)}Z`,
    )
    .join('');
}

function warmupBand({ warmupSeconds }: TimeChart, x: Scale, bottom: number, width: number): string {
  if (warmupSeconds <= 0) return '';
  const end = x(warmupSeconds);
  const label =
    width > 600 && end - MARGIN.left > 54
      ? `<text class="tick" x="${MARGIN.left + 5}" y="${MARGIN.top + 12}">warm-up</text>`
      : '';
  return `<rect class="warmup" x="${MARGIN.left}" y="${MARGIN.top}" width="${px(end - MARGIN.left)}" height="${px(bottom - MARGIN.top)}"/>${label}`;
}

function timeBands(bands: readonly TimeBand[], x: Scale, bottom: number): string {
  let roomFrom = Number.NEGATIVE_INFINITY;
  return bands
    .map(({ fromSecond, toSecond, mark }, index) => {
      const left = x(fromSecond);
      const wide = Math.max(2, x(toSecond) - left);
      const middle = left + wide / 2;
      const fits = middle - 3.5 * mark.length - 3 > roomFrom;
      if (fits) roomFrom = middle + 3.5 * mark.length + 3;
      const text = fits
        ? `<text class="tick" x="${px(middle)}" y="${MARGIN.top - 5}" text-anchor="middle">${escapeHtml(mark)}</text>`
        : '';
      return `<rect class="strike${index % 2 === 0 ? '' : ' other'}" x="${px(left)}" y="${MARGIN.top}" width="${px(wide)}" height="${px(bottom - MARGIN.top)}"/>${text}`;
    })
    .join('');
}

function referenceLine({ value, label }: { value: number; label: string }, y: Scale, width: number): string {
  const at = px(y(value));
  return (
    `<line class="reference" x1="${MARGIN.left}" x2="${width - MARGIN.right}" y1="${at}" y2="${at}"/>` +
    `<text class="label" x="${width - MARGIN.right}" y="${px(y(value) - 6)}" text-anchor="end">${escapeHtml(label)}</text>`
  );
}

function highestMark(values: readonly (number | undefined)[], at: Scale, y: Scale, width: number): string {
  const highest = Math.max(0, ...values.map((value) => value ?? 0));
  if (highest === 0) return '';
  const index = values.indexOf(highest);
  const place = at(index + 0.5);
  const anchor = place > width - 90 ? 'end' : place < MARGIN.left + 60 ? 'start' : 'middle';
  return `<circle class="dot" cx="${px(place)}" cy="${px(y(highest))}" r="3.5"/><text class="label" x="${px(place)}" y="${px(y(highest) - 9)}" text-anchor="${anchor}">${Math.round(highest).toLocaleString('en')}</text>`;
}

function hoverColumns(
  series: readonly TimeSeries[],
  bands: readonly TimeBand[],
  at: Scale,
  stride: number,
  seconds: number,
  bottom: number,
): string {
  return Array.from({ length: Math.ceil(seconds / stride) }, (_, index) => {
    const values = series.flatMap(({ name, values: each }) =>
      each[index] === undefined ? [] : `${name}: ${Math.round(each[index]).toLocaleString('en')}`,
    );
    const during = bands
      .filter(({ fromSecond, toSecond }) => fromSecond < (index + 1) * stride && toSecond >= index * stride)
      .map(({ label }) => label);
    const text = [`second ${index * stride}`, ...during, ...values].join('\n');
    return `<rect class="hover" x="${px(at(index))}" y="${MARGIN.top}" width="${px(at(index + 1) - at(index))}" height="${bottom - MARGIN.top}"><title>${escapeHtml(text)}</title></rect>`;
  }).join('');
}

function timeTicks(seconds: number, width: number): number[] {
  return niceTicks(seconds, width > 600 ? 8 : 4).filter((tick) => tick <= seconds && Number.isInteger(tick));
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
