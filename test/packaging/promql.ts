import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';

const run = promisify(execFile);

const keywords = new Set(
  'by without on ignoring group_left group_right and or unless offset bool inf nan'.split(' '),
);

/** An expression without its quoted strings, whose contents could be taken for syntax. */
export const withoutStrings = (expression: string) => expression.replace(/"(?:[^"\\]|\\.)*"/g, '');

/** As Grafana would send it: variables filled in with all there is, intervals with those of a quarter of an hour. */
export const asGrafanaSends = (expression: string) =>
  expression
    .replaceAll('$__rate_interval', '20s')
    .replaceAll('$__interval', '5s')
    .replace(/"\$\w+"/g, '".*"');

/** The series an expression reads: its identifiers less strings, matchers, ranges, groupings and functions. */
export function seriesIn(expression: string): string[] {
  const bare = withoutStrings(expression)
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ');
  return [...bare.matchAll(/(?<![\w.$])([a-zA-Z_:][\w:]*)(?!\s*\(|[\w:])/g)]
    .map((match) => match[1]!)
    .filter((name) => !keywords.has(name.toLowerCase()));
}

/** The selectors of an expression, with their matchers and without ranges: what must exist for it to mean anything. */
export function selectorsIn(expression: string): string[] {
  const names = new Set(seriesIn(expression));
  return [...expression.matchAll(/([a-zA-Z_:][\w:]*)(\{[^}]*\})?/g)]
    .filter(([, name]) => names.has(name!))
    .map(([selector]) => selector);
}

/** What `promtool check metrics` finds odd about a metrics page, a line each. */
export async function lintMetrics(page: string): Promise<string[]> {
  const child = execFile('promtool', ['check', 'metrics']);
  child.stdin!.end(page);
  let said = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (text: string) => {
      said += text;
    });
  }
  const [code] = await once(child, 'close');
  if (code !== 0 && said === '') throw new Error(`promtool check metrics ended with ${code}`);
  return said.split('\n').filter((line) => line !== '');
}

/** Runs `promtool` and returns all it said; rejects with that text when it exits non-zero. */
export async function promtool(...args: string[]): Promise<string> {
  try {
    const { stdout, stderr } = await run('promtool', args);
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`promtool ${args.join(' ')}: ${stdout}${stderr}` || message, { cause: error });
  }
}

/** Has Prometheus' own parser read each expression, as a recording rule; rejects naming what it can not read. */
export async function parseAll(expressions: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-promql-'));
  try {
    const rules = expressions.map((expr, at) => ({ record: `expression:${at}`, expr }));
    const file = join(folder, 'rules.yml');
    await writeFile(file, stringify({ groups: [{ name: 'parsed', rules }] }));
    await promtool('check', 'rules', file);
  } finally {
    await rm(folder, { recursive: true });
  }
}
