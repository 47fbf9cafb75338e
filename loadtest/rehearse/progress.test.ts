import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { settle } from './options.ts';
import { keepProgress } from './progress.ts';
import type { ActResult } from './result.ts';

const settings = (seed: number) => settle({ seed }, [], {});
const acts = [{ number: 1 }, { number: 2 }] as unknown as ActResult[];

it('a rehearsal goes on after its own acts, not after those of another seed, and starts anew once finished', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-progress-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'new', 'unfinished.json');
  const one = keepProgress(file, settings(1));
  expect(await one.read()).toEqual([]);
  await one.write(acts);
  await keepProgress(file, settings(2)).write(acts.slice(0, 1));
  expect(await keepProgress(file, settings(1)).read()).toEqual(acts);
  await one.forget();
  expect(await one.read()).toEqual([]);
  expect(await keepProgress(file, settings(2)).read()).toHaveLength(1);
});

it('without a file nothing is kept', async () => {
  const none = keepProgress(undefined, settings(1));
  await none.write(acts);
  expect(await none.read()).toEqual([]);
});
