import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFailpoints, failpointNames } from './failpoints.ts';

let folder: string;

/** Node 20 reads no TypeScript, and the process that dies can't be this one. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-failpoints-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const compiler = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url));
  const source = fileURLToPath(new URL('./failpoints.ts', import.meta.url));
  await promisify(execFile)(compiler, [
    ...['--ignoreConfig', '--outDir', folder, '--rootDir', dirname(source), '--types', 'node'],
    ...['--target', 'es2023', '--module', 'nodenext', source],
  ]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Hits the points in a process of its own; resolves with what it printed before, and what ended it. */
async function hit(setting: string, points: readonly string[]) {
  const script = `
    import { writeSync } from 'node:fs';
    import { createFailpoints } from ${JSON.stringify(join(folder, 'failpoints.js'))};
    const hit = createFailpoints(${JSON.stringify(setting)});
    for (const point of ${JSON.stringify(points)}) { writeSync(1, '.'); hit(point); writeSync(1, '!'); }
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (data) => {
    printed += data;
  });
  const [code, signal] = await once(child, 'close');
  return { printed, code, signal };
}

it('a process dies by SIGKILL at the hit it was told, and nothing after that line runs', async () => {
  const points = ['claim-publish', 'publish-confirm', 'claim-publish', 'claim-publish', 'claim-publish'];
  expect(await hit('claim-publish:3', points)).toEqual({ printed: '.!.!.!.', code: null, signal: 'SIGKILL' });
});

it('without a number it is the first hit; another point does nothing', async () => {
  expect(await hit('settle-ack', ['commit-settle', 'settle-ack'])).toEqual({
    printed: '.!.',
    code: null,
    signal: 'SIGKILL',
  });
});

it('unset, no point does anything', () => {
  for (const setting of [undefined, '']) {
    const hitPoint = createFailpoints(setting);
    for (const point of failpointNames) hitPoint(point);
  }
});

it('a name or number that does not exist is refused rather than ignored', () => {
  for (const setting of ['claim-publsh', 'claim-publish:0', 'claim-publish:x', 'claim-publish:1.5', ':1']) {
    expect(() => createFailpoints(setting), setting).toThrow(RangeError);
  }
});
