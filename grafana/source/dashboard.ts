import { dataSource, type Panel } from './panels.ts';

/** A row of a dashboard, with its panels in reading order. */
export interface Section {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** A choice at the head of a dashboard: the values of a label. */
export interface LabelVariable {
  readonly name: string;
  readonly label: string;
  /** The series whose label it is. */
  readonly series: string;
  /** Label name; default the variable's name. */
  readonly of?: string;
}

export interface DashboardSpec {
  /** Fixed for ever: links lead to it. Starts with `sluice-`. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables?: readonly LabelVariable[];
  readonly sections: readonly Section[];
}

const columns = 24;

/** The dashboard as Grafana's provisioning reads it: what all dashboards share, and its panels in their places. */
export function dashboard(spec: DashboardSpec): object {
  return {
    uid: spec.uid,
    title: spec.title,
    description: spec.description,
    tags: ['sluice'],
    schemaVersion: 39,
    version: 1,
    editable: false,
    graphTooltip: 1,
    timezone: 'browser',
    refresh: '5s',
    time: { from: 'now-15m', to: 'now' },
    timepicker: { refresh_intervals: ['5s', '10s', '30s', '1m'] },
    annotations: { list: annotations },
    links: [
      {
        type: 'dashboards',
        title: 'Sluice',
        tags: ['sluice'],
        asDropdown: false,
        includeVars: false,
        keepTime: true,
        targetBlank: false,
        icon: 'external link',
        tooltip: '',
        url: '',
      },
    ],
    fiscalYearStartMonth: 0,
    weekStart: '',
    templating: { list: [sourceVariable, ...(spec.variables ?? []).map(labelVariable)] },
    panels: placed(spec.sections),
  };
}

/** What happened, as marks across every panel. */
const annotations = [
  mark({
    name: 'Sale opens',
    iconColor: 'green',
    expr: 'max by (sale) (sluice_sale_opens_timestamp_seconds) * 1000',
    titleFormat: 'Sale {{sale}} opens',
    useValueForTime: true,
  }),
  mark({
    name: 'Sale closes',
    iconColor: 'orange',
    expr: 'max by (sale) (sluice_sale_closes_timestamp_seconds) * 1000',
    titleFormat: 'Sale {{sale}} closes',
    useValueForTime: true,
  }),
  mark({
    name: 'Cap changed',
    iconColor: 'red',
    // Over all reasons, so that a pause (0) and its end are changes too.
    expr: 'max(sluice_drain_cap_orders_per_second) != bool max(sluice_drain_cap_orders_per_second offset $__interval)',
    titleFormat: 'The cap changed, or draining was paused or resumed',
    useValueForTime: false,
  }),
];

function mark(spec: {
  name: string;
  iconColor: string;
  expr: string;
  titleFormat: string;
  useValueForTime: boolean;
}): object {
  return { datasource: dataSource, enable: true, hide: false, step: '5s', textFormat: '', ...spec };
}

const sourceVariable = {
  name: 'datasource',
  label: 'Data source',
  type: 'datasource',
  query: 'prometheus',
  current: {},
  hide: 0,
  includeAll: false,
  multi: false,
  options: [],
  refresh: 1,
  regex: '',
};

/** Several values may be chosen; at first all of them. */
function labelVariable({ name, label, series, of = name }: LabelVariable): object {
  const definition = `label_values(${series}, ${of})`;
  return {
    name,
    label,
    type: 'query',
    datasource: dataSource,
    definition,
    query: { qryType: 1, query: definition, refId: name },
    includeAll: true,
    allValue: '.*',
    multi: true,
    current: { text: ['All'], value: ['$__all'] },
    hide: 0,
    options: [],
    refresh: 2,
    regex: '',
    sort: 1,
  };
}

/** Numbers the panels, and sets them from left to right, section under section. */
function placed(sections: readonly Section[]): object[] {
  const panels: object[] = [];
  let y = 0;
  for (const { title, panels: own } of sections) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: columns, h: 1 },
      panels: [],
    });
    y += 1;
    let x = 0;
    let lineHeight = 0;
    for (const { w, h, json } of own) {
      if (x + w > columns) {
        x = 0;
        y += lineHeight;
        lineHeight = 0;
      }
      const { type, title: name, ...rest } = json as { type: string; title: string };
      panels.push({ id: panels.length + 1, type, title: name, gridPos: { x, y, w, h }, ...rest });
      x += w;
      lineHeight = Math.max(lineHeight, h);
    }
    y += lineHeight;
  }
  return panels;
}
