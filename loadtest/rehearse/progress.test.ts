import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { settle } from './options.ts';
import { keepProgress, noProgress } from './progress.ts';
import type { ActResult } from './result.ts';

const settings = (seed: number) => settle({ seed }, [], {});
const acts = [{ number: 1 }, { number: 2 }] as unknown as ActResult[];

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-progress-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

it('a rehearsal goes on after its own acts, not after those of another seed, and starts anew once finished', async () => {
  const file = join(await emptyFolder(), 'new', 'unfinished.json');
  const one = keepProgress(file, settings(1), 'build');
  expect(await one.read()).toEqual([]);
  await one.write(acts);
  await keepProgress(file, settings(2), 'build').write(acts.slice(0, 1));
  expect(await keepProgress(file, settings(1), 'build').read()).toEqual(acts);
  await one.forget();
  expect(await one.read()).toEqual([]);
  expect(await keepProgress(file, settings(2), 'build').read()).toHaveLength(1);
});

it('another build, and another instance, starts anew', async () => {
  const file = join(await emptyFolder(), 'unfinished.json');
  await keepProgress(file, settings(1), 'build').write(acts);
  const larger = settle({ seed: 1, gateways: 3 }, [], {});
  expect(await keepProgress(file, larger, 'build').read()).toEqual([]);
  const changed = keepProgress(file, settings(1), 'changed build');
  expect(await changed.read()).toEqual([]);
  await changed.write(acts.slice(0, 1));
  expect(await changed.read()).toHaveLength(1);
  expect(await keepProgress(file, settings(1), 'build').read()).toEqual([]);
});

it('a file that does not say which build it is of holds nothing', async () => {
  const file = join(await emptyFolder(), 'unfinished.json');
  await writeFile(file, JSON.stringify({ '{"seed":1}': acts }));
  expect(await keepProgress(file, settings(1), 'build').read()).toEqual([]);
});

it('without a file nothing is kept', async () => {
  await noProgress.write(acts);
  expect(await noProgress.read()).toEqual([]);
});
