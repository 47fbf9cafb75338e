import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../program.ts';
import { bashCompletion } from './bash.ts';
import { fishCompletion } from './fish.ts';
import { type Place, placesOf } from './words.ts';
import { zshCompletion } from './zsh.ts';

const places = placesOf(createProgram({}));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-completion-'));
  writeFileSync(join(folder, 'completion'), bashCompletion(places));
  writeFileSync(join(folder, 'friday sale.yaml'), '');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What bash offers for the last of these words. */
async function complete(...words: string[]): Promise<string[]> {
  const script = `
source ./completion
COMP_WORDS=(sluice "$@"); COMP_CWORD=$#
_sluice
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = await promisify(execFile)(
    'bash',
    ['--noprofile', '--norc', '-c', script, 'bash', ...words],
    { cwd: folder },
  );
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

describe('bash completes', () => {
  it('commands and what is below them', async () => {
    expect(await complete('')).toEqual(createProgram({}).commands.map((command) => command.name()));
    expect(await complete('dead')).toEqual(['dead-letters']);
    expect(await complete('sale', '')).toEqual(['apply', 'list', 'export', 'archive']);
    expect(await complete('dead-letters', 're')).toEqual(['redrive']);
    expect(await complete('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  it('the options of the command that is being typed', async () => {
    expect(await complete('status', '--')).toEqual(['--watch', '--json', '--help']);
    expect(await complete('sale', 'archive', 'friday', '--f')).toEqual(['--from-ledger', '--force']);
    expect(await complete('audit', '--sale', 'up', '--l')).toEqual(['--log']);
  });

  it('files where a file is wanted, names with spaces too, and nothing where nobody can guess', async () => {
    expect(await complete('sale', 'apply', 'fri')).toEqual(['friday sale.yaml']);
    expect(await complete('audit', '--log', 'fri')).toEqual(['friday sale.yaml']);
    expect(await complete('audit', '--sale', '')).toEqual([]);
    expect(await complete('cap', '')).toEqual([]);
  });
});

/** What the script says at each place, by the place's path: commands first, then options without their hyphens. */
type Offered = Readonly<Record<string, readonly string[]>>;

const offered = (of: Place): string[] =>
  [...of.commands, ...of.options].map(({ word }) => word.replace(/^-+/, ''));
const expected: Offered = Object.fromEntries(places.map((place) => [place.path, offered(place)]));

/** Bash and zsh name the words of each place in a line of a `case`; bash can read both. */
async function offeredInCase(script: string, list: string): Promise<Offered> {
  const cases = script.match(/ {2}case "\$place" in\n.*?\n {2}esac/s)![0];
  const sayAll = `for place in "$@"; do
words=''; options=''; names=(); flags=()
${cases}
printf '%s\\n' "place:$place" ${list}
done`;
  const paths = places.map(({ path }) => path);
  const { stdout } = await promisify(execFile)('bash', ['-c', sayAll, 'bash', ...paths]);
  const said = stdout.split('place:').slice(1);
  return Object.fromEntries(
    said.map((text) => {
      const [path, ...words] = text.trimEnd().split('\n');
      // Behind a colon zsh is told what the word means.
      return [path, words.filter(Boolean).map((word) => word.replace(/:.*$/, '').replace(/^-+/, ''))];
    }),
  );
}

/** Fish has a line for every word, with the place at which it may stand. */
function offeredInLines(script: string): Offered {
  const found: Record<string, string[]> = Object.fromEntries(places.map(({ path }) => [path, []]));
  const line = /^complete -c sluice -n '__sluice_at \\'(?<path>.*?)\\'' -[al] '(?<word>[^']*)'/gm;
  for (const { groups } of script.matchAll(line)) found[groups!.path!]!.push(groups!.word!);
  return found;
}

describe('at every place each command and option is named, and no other', () => {
  it('by bash', async () => {
    expect(await offeredInCase(bashCompletion(places), '$words $options')).toEqual(expected);
  });

  it('by zsh', async () => {
    expect(await offeredInCase(zshCompletion(places), `"\${names[@]}" "\${flags[@]}"`)).toEqual(expected);
  });

  it('by fish', () => {
    expect(offeredInLines(fishCompletion(places))).toEqual(expected);
  });
});
