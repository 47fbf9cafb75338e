import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createBinaryFinder } from './find-binary.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-find-binary-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('finds what is in the search path, in its order, and only what can be executed', () => {
  writeFileSync(join(folder, 'redis-server'), '', { mode: 0o755 });
  writeFileSync(join(folder, 'prometheus'), '', { mode: 0o644 });
  const find = createBinaryFinder(`${folder}:/usr/bin`);
  expect(find('redis-server')[0]).toBe(join(folder, 'redis-server'));
  expect(find('prometheus')).not.toContain(join(folder, 'prometheus'));
});

it('follows a link to postgres to the folder that holds initdb as well', () => {
  const [installed] = createBinaryFinder('')('postgres');
  expect(installed).toBeDefined();
  symlinkSync(installed as string, join(folder, 'postgres'));
  const [found] = createBinaryFinder(folder)('postgres');
  expect(dirname(found as string)).toBe(dirname(installed as string));
});
