import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const projectFolder = join(import.meta.dirname, '../..');

export interface Service {
  readonly image: string;
  readonly build?: { context: string; target: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  /** Names, or names with what the service is called there. */
  readonly networks?: readonly string[] | Readonly<Record<string, { aliases?: readonly string[] }>>;
  readonly healthcheck?: { test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
  readonly stop_grace_period?: string;
  readonly deploy?: { replicas?: number; resources?: { limits?: { cpus?: string; memory?: string } } };
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<
    Record<string, { internal?: boolean; ipam?: { config: { subnet: string }[] } }>
  >;
  readonly volumes: Readonly<Record<string, unknown>>;
}

export interface Variable {
  readonly name: string;
  /** `?` must be set, `-` has a default, empty when neither. */
  readonly kind: '?' | '-' | '';
  /** The message or the default. */
  readonly text: string;
}

const text = () => readFileSync(join(projectFolder, 'docker-compose.yml'), 'utf8');

/** The compose file with anchors and merges resolved, variables left as they are written. */
export const readCompose = (): ComposeFile => parse(text(), { merge: true });

/** The names of the networks a service is in. */
export const networksOf = ({ networks = [] }: Service): readonly string[] =>
  Array.isArray(networks) ? networks : Object.keys(networks);

/** What other containers can call a service by. */
export const namesOf = (name: string, { networks = [] }: Service): readonly string[] => [
  name,
  ...(Array.isArray(networks) ? [] : Object.values(networks).flatMap(({ aliases = [] }) => aliases)),
];

/** Every `${…}` in the compose file's values; `$$` is an escaped dollar and no variable. */
export function readVariables(): Variable[] {
  const values = JSON.stringify(parse(text(), { merge: true })).replaceAll('$$', '');
  return [...values.matchAll(/\$(?:\{(\w+)(?::?([?-])([^}]*))?\}|(\w+))/g)].map((match) => ({
    name: (match[1] ?? match[4])!,
    kind: (match[2] ?? '') as Variable['kind'],
    text: match[3] ?? '',
  }));
}

/** `.env.example` as name → value. */
export function readEnvExample(): Map<string, string> {
  const lines = readFileSync(join(projectFolder, '.env.example'), 'utf8').split('\n');
  return new Map(
    lines
      .filter((line) => line.trim() !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** Seconds of a compose duration such as `1m30s`. */
export function secondsOf(duration: string): number {
  const unit: Record<string, number> = { h: 3600, m: 60, s: 1 };
  return [...duration.matchAll(/(\d+)([hms])/g)].reduce((sum, [, n, u]) => sum + Number(n) * unit[u!]!, 0);
}
