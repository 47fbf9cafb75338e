import uPlot from '/ops/chart/uPlot.esm.js';
import { el, find, setText } from './dom.js';
import { latency, number, rate } from './format.js';

/**
 * @typedef {object} Line
 * @property {string} column of a point
 * @property {string} label
 * @property {string} color a custom property of the theme
 * @property {number[]} [dash]
 * @property {boolean} [filled]
 * @property {boolean} [stepped]
 */

/** @type {{ title: string, unit: string, format: (value: number | null | undefined) => string, lines: Line[] }[]} */
const charts = [
  {
    title: 'Orders answered',
    unit: 'per second',
    format: rate,
    lines: [
      { column: 'offered', label: 'offered', color: '--offered', filled: true },
      { column: 'accepted', label: 'accepted', color: '--accepted' },
      { column: 'soldOut', label: 'sold out', color: '--sold-out', dash: [7, 4] },
      { column: 'refused', label: 'refused', color: '--refused', dash: [2, 3] },
    ],
  },
  {
    title: 'Drained against the cap',
    unit: 'orders per second',
    format: rate,
    lines: [
      { column: 'drained', label: 'drained', color: '--drained', filled: true },
      { column: 'cap', label: 'cap', color: '--cap', dash: [7, 4], stepped: true },
    ],
  },
  {
    title: 'Orders waiting',
    unit: 'orders',
    format: number,
    lines: [{ column: 'waiting', label: 'waiting', color: '--waiting', filled: true }],
  },
  {
    title: 'Time to answer',
    unit: 'of orders in that second',
    format: latency,
    lines: [
      { column: 'p99', label: 'p99', color: '--refused' },
      { column: 'p95', label: 'p95', color: '--sold-out', dash: [7, 4] },
      { column: 'p50', label: 'p50', color: '--accepted', dash: [2, 3] },
    ],
  },
];

const keptPoints = 900;
const heightPx = 210;

/** The curves: all share one time axis and one cursor. */
export function createCharts() {
  const home = find('#charts');
  /** By column; times in seconds. @type {Record<string, (number | null)[]>} */
  let data = { at: [] };
  let minutes = 5;
  /** @type {{ plot: uPlot, chart: (typeof charts)[number], figure: HTMLElement, values: HTMLElement[] }[]} */
  let drawn = [];

  function draw() {
    for (const { plot } of drawn) plot.destroy();
    home.replaceChildren();
    drawn = charts.map((chart) => {
      const values = chart.lines.map(() => el('b'));
      const legend = el(
        'ul',
        { class: 'legend' },
        ...chart.lines.map((line, i) =>
          el(
            'li',
            { class: `key ${line.column}` },
            el('i', { 'aria-hidden': 'true' }),
            `${line.label} `,
            values[i],
          ),
        ),
      );
      const canvas = el('div', { class: 'plot', role: 'img' });
      const head = el(
        'div',
        { class: 'chart-head' },
        el('h3', {}, chart.title, ' ', el('small', {}, chart.unit)),
        legend,
      );
      const figure = el('div', { class: 'card chart' }, head, canvas);
      home.append(figure);
      const plot = new uPlot(
        optionsOf(chart, widthOf(canvas), (index) => showValues(chart, values, index)),
        [[]],
        canvas,
      );
      return { plot, chart, figure, values };
    });
    update();
  }

  /** The numbers beside the legend: under the cursor, or the last ones. */
  function showValues(
    /** @type {(typeof charts)[number]} */ chart,
    /** @type {HTMLElement[]} */ values,
    /** @type {number | null | undefined} */ index,
  ) {
    const at = index ?? shown().at.length - 1;
    for (const [i, line] of chart.lines.entries()) {
      setText(values[i], chart.format(shown()[line.column]?.[at]));
    }
  }

  /** What falls into the time shown. */
  function shown() {
    const from = Math.max(0, data.at.length - minutes * 60);
    return Object.fromEntries(Object.entries(data).map(([column, values]) => [column, values.slice(from)]));
  }

  function update() {
    const part = shown();
    const now = part.at.at(-1) ?? Date.now() / 1_000;
    for (const { plot, chart, values, figure } of drawn) {
      plot.batch(() => {
        const columns = [part.at, ...chart.lines.map((line) => part[line.column] ?? [])];
        plot.setData(/** @type {uPlot.AlignedData} */ (columns), false);
        plot.setScale('x', { min: now - minutes * 60, max: now });
        plot.setScale('y', rangeOf(chart.lines.flatMap((line) => part[line.column] ?? [])));
      });
      showValues(chart, values, plot.cursor.idx);
      const said = chart.lines.map((line, i) => `${line.label} ${values[i].textContent}`).join(', ');
      find('.plot', figure).setAttribute(
        'aria-label',
        `${chart.title}, the last ${minutes} min. Now: ${said}`,
      );
    }
  }

  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  new ResizeObserver(() => {
    for (const { plot, figure } of drawn)
      plot.setSize({ width: widthOf(find('.plot', figure)), height: heightPx });
  }).observe(home);

  return {
    setHistory(/** @type {{ columns: string[], points: (number | null)[][] }} */ { columns, points }) {
      data = Object.fromEntries(
        columns.map((column, i) => [column, points.map((point) => point[i] ?? null)]),
      );
      data.at = data.at.map((ms) => (ms ?? 0) / 1_000);
      if (drawn.length === 0) draw();
      else update();
    },
    add(/** @type {Record<string, number | null>} */ point) {
      if ((point.at ?? 0) / 1_000 <= (data.at.at(-1) ?? 0)) return;
      for (const [column, values] of Object.entries(data)) {
        values.push(column === 'at' ? (point.at ?? 0) / 1_000 : (point[column] ?? null));
        if (values.length > keptPoints) values.shift();
      }
      update();
    },
    setMinutes(/** @type {number} */ wanted) {
      minutes = wanted;
      update();
    },
  };
}

function widthOf(/** @type {HTMLElement} */ canvas) {
  return Math.max(200, canvas.clientWidth);
}

/** From zero, with room above, and never flat. */
function rangeOf(/** @type {(number | null)[]} */ values) {
  const top = values.reduce((/** @type {number} */ max, value) => Math.max(max, value ?? 0), 0);
  return { min: 0, max: top === 0 ? 1 : top * 1.1 };
}

/** @returns {uPlot.Options} */
function optionsOf(
  /** @type {(typeof charts)[number]} */ chart,
  /** @type {number} */ width,
  /** @type {(index: number | null | undefined) => void} */ onCursor,
) {
  const style = getComputedStyle(document.documentElement);
  const color = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color('--quiet'),
    font: '12px system-ui, sans-serif',
    grid: { stroke: color('--grid'), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: heightPx,
    legend: { show: false },
    padding: [8, 26, 0, 0],
    cursor: { sync: { key: 'ops' }, drag: { x: false, y: false }, points: { size: 7 } },
    scales: { x: { time: true, auto: false }, y: { auto: false } },
    axes: [
      {
        ...axis,
        space: 70,
        size: 28,
        values: (/** @type {any} */ _plot, /** @type {number[]} */ ticks) => ticks.map(clock),
      },
      {
        ...axis,
        size: 62,
        space: 34,
        values: (/** @type {any} */ _plot, /** @type {number[]} */ ticks) =>
          ticks.map((tick) => (tick === 0 ? '0' : chart.format(tick))),
      },
    ],
    series: [
      {},
      ...chart.lines.map((line) => ({
        label: line.label,
        stroke: color(line.color),
        width: 2,
        points: { show: false },
        ...(line.dash ? { dash: line.dash } : {}),
        ...(line.filled ? { fill: `color-mix(in srgb, ${color(line.color)} 16%, transparent)` } : {}),
        ...(line.stepped && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
      })),
    ],
    hooks: { setCursor: [(/** @type {any} */ plot) => onCursor(plot.cursor.idx)] },
  };
}

function clock(/** @type {number} */ seconds) {
  return new Date(seconds * 1_000).toLocaleTimeString('en-GB');
}
