import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is read of a Grafana dashboard to draw it. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly annotations: { readonly list: readonly Annotation[] };
  readonly panels: readonly Panel[];
}

export interface Annotation {
  readonly name: string;
  readonly iconColor: string;
  readonly expr: string;
  readonly titleFormat: string;
  /** The value of the series is the time, in ms. */
  readonly useValueForTime: boolean;
}

export interface Panel {
  readonly id: number;
  readonly type: 'row' | 'stat' | 'timeseries' | 'state-timeline';
  readonly title: string;
  /** In 24 columns and lines of their own height. */
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig: { readonly defaults: FieldDefaults; readonly overrides: readonly Override[] };
  readonly options: { readonly textMode?: string };
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

export interface FieldDefaults {
  readonly unit: string;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly thresholds: {
    readonly steps: readonly { readonly color: string; readonly value: number | null }[];
  };
  readonly mappings: readonly {
    readonly options: Readonly<Record<string, { readonly text: string; readonly color?: string }>>;
  }[];
  readonly custom?: { readonly fillOpacity?: number; readonly stacking?: { readonly mode: string } };
}

export interface Override {
  readonly matcher: { readonly options: string };
  readonly properties: readonly { readonly id: string; readonly value: unknown }[];
}

/** The committed dashboards, by the name of their file without `.json`. */
export function readDashboards(folder: string): Map<string, Dashboard> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return new Map(
    files.map((file) => [file.slice(0, -5), JSON.parse(readFileSync(join(folder, file), 'utf8'))]),
  );
}
