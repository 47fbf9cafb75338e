import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadtest } from './command.ts';
import { scenarios } from './scenarios/index.ts';

let folder: string;
let said: { stdout: string; stderr: string };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loadtest-command-'));
  said = { stdout: '', stderr: '' };
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function run(...args: string[]): Promise<number> {
  const stream = (name: 'stdout' | 'stderr') =>
    new Writable({
      write: (chunk, _encoding, done) => {
        said[name] += chunk;
        done();
      },
    }) as unknown as NodeJS.WriteStream;
  return loadtest(args, {
    sluiceCli: fileURLToPath(new URL('test-support/stand-in-cli.mjs', import.meta.url)),
    folder,
    env: process.env,
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    signal: new AbortController().signal,
  });
}

describe('the loadtest command', () => {
  it('names every scenario in its help', async () => {
    expect(await run('--help')).toBe(0);
    for (const { name, summary } of scenarios)
      expect(said.stdout).toMatch(new RegExp(`  ${name} +${summary.slice(0, 30)}`));
  });

  it.each([
    [['nonsense'], 'no scenario nonsense'],
    [[], 'missing required argument'],
    [['steady', '--rate', 'fast'], 'whole number'],
    [['steady', '--seconds', '0'], 'from 1 to'],
    [['steady', '--cap', '1000001'], 'to 1000000'],
    [['steady', '--target', 'ftp://shop.example'], 'HTTP URL'],
    [['steady', '--loud'], 'unknown option'],
    [['replay'], 'needs --trace'],
    [['replay', '--trace', 'nowhere.csv'], 'nowhere.csv'],
    [['steady', '--peak', '100'], 'scenario replay'],
    [['steady', '--target', 'http://shop.example'], '--i-own-this-target'],
    [['steady', '--ops', 'http://127.0.0.1:8081'], '--ops is for --target'],
  ])('ends with 2 for %j, and says why', async (args, words) => {
    expect(await run(...args)).toBe(2);
    expect(said.stderr).toContain(words);
  });

  it('replays a trace, prints the verdict beside the JSON, and ends with 1 when a threshold failed', async () => {
    const trace = join(folder, 'trace.csv');
    await writeFile(trace, 'minute,requests\n2026-01-01T00:00:00Z,10\n2026-01-01T00:01:00Z,100\n');
    const out = join(folder, 'results');
    const args = ['--trace', trace, '--peak', '200', '--seconds', '1', '--warmup-seconds', '0', '--out', out];
    expect(await run('replay', ...args, '--json')).toBe(1);
    const result = JSON.parse(said.stdout);
    expect(result.drive.measured.outcomes.accepted).toBe(110);
    expect(said.stderr).toMatch(/FAILED +Accepted orders that are confirmed .*the ledger could not be read/);
    const files = (await readdir(out)).map((name) => name.replace(/^replay-[\d-]+/, ''));
    expect(files.sort()).toEqual(['.html', '.instance.log', '.json', '.orders.ndjson']);
  });
});
