import { type ColorName, colors } from './colors.ts';

/** One line, or one set of lines, of a panel. */
export interface Query {
  /** PromQL; ranges are `[$__rate_interval]`. */
  readonly expr: string;
  /** What the line is called; `{{label}}` is filled in. */
  readonly legend: string;
}

/** How a line that stands out looks; lines without a style take Grafana's palette in turn. */
export interface LineStyle {
  readonly color?: ColorName;
  /** A limit that others are held against. */
  readonly limit?: true;
}

/** A value from which on a colour holds; the first has none and holds from below. */
export type Threshold = readonly [from: number | null, color: ColorName];

/** What every panel says of itself. */
interface Common {
  readonly title: string;
  /** What is shown, and what to make of it. */
  readonly description: string;
  /** Grafana's name of the unit, such as `s`, `reqps`, `short`, `bytes`, `percentunit`. */
  readonly unit: string;
  /** Columns of 24. */
  readonly w?: number;
  readonly h?: number;
  /** The dashboard to go to for more, by its uid. */
  readonly more?: string;
  readonly decimals?: number;
}

export interface StatSpec extends Common {
  readonly expr: string;
  readonly legend: string;
  /** Default: green whatever the value. */
  readonly thresholds?: readonly Threshold[];
  /** Words instead of values. */
  readonly words?: Readonly<Record<string, string>>;
  /** Show the legend beside the value. */
  readonly named?: true;
}

export interface GraphSpec extends Common {
  readonly queries: readonly Query[];
  readonly stacked?: true;
  /** By legend. */
  readonly styles?: Readonly<Record<string, LineStyle>>;
  /** The axis ends here at most. */
  readonly max?: number;
  /** Values may be below 0. */
  readonly signed?: true;
}

export interface TimelineSpec extends Common {
  readonly queries: readonly Query[];
  /** What 0 and 1 mean. */
  readonly states: readonly [zero: Readonly<[string, ColorName]>, one: Readonly<[string, ColorName]>];
}

/** A panel without its place. */
export interface Panel {
  readonly w: number;
  readonly h: number;
  readonly json: object;
}

/** The template variable by which each dashboard is told its data source. */
export const dataSource = { type: 'prometheus', uid: `$\{datasource}` } as const;

const steps = (thresholds: readonly Threshold[]) =>
  thresholds.map(([value, color]) => ({ color: colors[color], value }));

function common(type: string, spec: Common): object {
  return {
    type,
    title: spec.title,
    description: spec.description,
    datasource: dataSource,
    ...(spec.more ? { links: [{ title: 'More', url: `/d/${spec.more}?$\{__url_time_range}` }] } : {}),
  };
}

function targets(queries: readonly Query[], instant: boolean): object[] {
  return queries.map(({ expr, legend }, at) => ({
    datasource: dataSource,
    editorMode: 'code',
    expr,
    legendFormat: legend,
    refId: String.fromCharCode(65 + at),
    ...(instant ? { instant: true, range: false } : { range: true }),
  }));
}

const decimalsOf = ({ decimals }: Common) => (decimals === undefined ? {} : { decimals });

/** One number, large, with its past behind it. */
export function stat(spec: StatSpec): Panel {
  const { w = 4, h = 4, thresholds = [[null, 'green']], words } = spec;
  const options = Object.fromEntries(
    Object.entries(words ?? {}).map(([value, text], index) => [value, { text, index }]),
  );
  return {
    w,
    h,
    json: {
      ...common('stat', spec),
      fieldConfig: {
        defaults: {
          unit: spec.unit,
          ...decimalsOf(spec),
          color: { mode: 'thresholds' },
          thresholds: { mode: 'absolute', steps: steps(thresholds) },
          mappings: words ? [{ type: 'value', options }] : [],
        },
        overrides: [],
      },
      options: {
        colorMode: 'background',
        graphMode: 'area',
        justifyMode: 'auto',
        textMode: spec.named ? 'value_and_name' : 'value',
        reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      },
      targets: targets([spec], false),
    },
  };
}

/** Lines over time, with last and highest value in the legend. */
export function graph(spec: GraphSpec): Panel {
  const { w = 12, h = 8, styles = {}, stacked } = spec;
  return {
    w,
    h,
    json: {
      ...common('timeseries', spec),
      fieldConfig: {
        defaults: {
          unit: spec.unit,
          ...decimalsOf(spec),
          ...(spec.signed ? {} : { min: 0 }),
          ...(spec.max === undefined ? {} : { max: spec.max }),
          color: { mode: 'palette-classic' },
          thresholds: { mode: 'absolute', steps: steps([[null, 'green']]) },
          mappings: [],
          custom: {
            drawStyle: 'line',
            lineWidth: 1,
            fillOpacity: stacked ? 30 : 8,
            showPoints: 'never',
            spanNulls: false,
            ...(stacked ? { stacking: { mode: 'normal', group: 'A' } } : {}),
          },
        },
        overrides: Object.entries(styles).map(([legend, style]) => ({
          matcher: { id: 'byName', options: legend },
          properties: lineProperties(style),
        })),
      },
      options: {
        legend: {
          displayMode: 'table',
          placement: 'bottom',
          showLegend: true,
          calcs: ['lastNotNull', 'max'],
        },
        tooltip: { mode: 'multi', sort: 'desc' },
      },
      targets: targets(spec.queries, false),
    },
  };
}

function lineProperties({ color, limit }: LineStyle): object[] {
  return [
    ...(color ? [{ id: 'color', value: { mode: 'fixed', fixedColor: colors[color] } }] : []),
    ...(limit
      ? [
          { id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 6] } },
          { id: 'custom.fillOpacity', value: 0 },
          { id: 'custom.lineWidth', value: 2 },
        ]
      : []),
  ];
}

/** One bar per series, coloured by state. */
export function timeline(spec: TimelineSpec): Panel {
  const { w = 12, h = 8, states } = spec;
  const options = Object.fromEntries(
    states.map(([text, color], value) => [value, { text, color: colors[color], index: value }]),
  );
  return {
    w,
    h,
    json: {
      ...common('state-timeline', spec),
      fieldConfig: {
        defaults: {
          unit: spec.unit,
          color: { mode: 'thresholds' },
          thresholds: {
            mode: 'absolute',
            steps: steps([
              [null, states[0][1]],
              [1, states[1][1]],
            ]),
          },
          mappings: [{ type: 'value', options }],
          custom: { lineWidth: 0, fillOpacity: 80 },
        },
        overrides: [],
      },
      options: {
        mergeValues: true,
        showValue: 'auto',
        alignValue: 'left',
        rowHeight: 0.8,
        legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
        tooltip: { mode: 'single', sort: 'none' },
      },
      targets: targets(spec.queries, false),
    },
  };
}
