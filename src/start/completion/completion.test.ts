import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../program.ts';
import { bashCompletion } from './bash.ts';
import { fishCompletion } from './fish.ts';
import { placesOf } from './words.ts';
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

it.each([
  ['bash', bashCompletion],
  ['zsh', zshCompletion],
  ['fish', fishCompletion],
])('%s is told of every command and option', (_shell, completion) => {
  const script = completion(places);
  for (const { path, commands, options } of places) {
    expect(script).toContain(path);
    for (const { word } of [...commands, ...options]) expect(script).toContain(word.replace(/^--/, ''));
  }
});
