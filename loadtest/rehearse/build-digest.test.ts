import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { digestBuild } from './build-digest.ts';

it('the same files are the same build; a change in code, SQL or what it is installed with makes another', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-build-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const write = (name: string, content: string) => writeFile(join(folder, name), content);
  await mkdir(join(folder, 'dist/src/drain'), { recursive: true });
  await write('package.json', '{ "version": "1.0.0" }');
  await write('dist/src/cli.js', 'run();');
  await write('dist/src/drain/settle.sql', 'SELECT 1');
  const digest = () => digestBuild(join(folder, 'dist/src/cli.js'));
  const builds = [await digest()];
  expect(await digest()).toBe(builds[0]);
  for (const [name, content] of [
    ['dist/src/cli.js', 'run(1);'],
    ['dist/src/drain/settle.sql', 'SELECT 2'],
    ['dist/src/drain/new.js', ''],
    ['package.json', '{ "version": "1.0.1" }'],
    ['package-lock.json', '{}'],
  ] as const) {
    await write(name, content);
    builds.push(await digest());
  }
  expect(new Set(builds).size).toBe(builds.length);
});
