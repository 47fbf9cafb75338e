import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import './services.ts';
import { until } from './wait.ts';

/** The checkout under test. */
export const projectFolder = fileURLToPath(new URL('../../', import.meta.url));

const buildMs = 90_000;

/**
 * The path of the `sluice` command as `npm run build` makes it, built once per test run however many files ask.
 * It is a copy: a build in the same checkout meanwhile must not change a running process' files.
 */
export async function builtCommand(): Promise<string> {
  const folder = join(inject('servicesDir'), 'build');
  const outcome = join(folder, 'outcome');
  if (isFirst(folder)) {
    writeFileSync(`${outcome}.next`, await build(folder));
    renameSync(`${outcome}.next`, outcome);
  }
  await until(() => existsSync(outcome), { deadlineMs: buildMs, what: 'another test file to build' });
  const said = readFileSync(outcome, 'utf8');
  if (said !== 'built') throw new Error(`npm run build failed:\n${said}`);
  return join(folder, 'dist/src/cli.js');
}

function isFirst(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function build(folder: string): Promise<string> {
  try {
    await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd: projectFolder, timeout: buildMs });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    return `${stdout ?? ''}${stderr ?? ''}${String(error)}`;
  }
  cpSync(join(projectFolder, 'dist'), join(folder, 'dist'), { recursive: true });
  cpSync(join(projectFolder, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(projectFolder, 'node_modules'), join(folder, 'node_modules'));
  return 'built';
}
