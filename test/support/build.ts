import { execFile } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { oncePerRun } from './once-per-run.ts';

/** The checkout under test. */
export const projectFolder = fileURLToPath(new URL('../../', import.meta.url));

const buildMs = 90_000;

/**
 * The path of the `sluice` command as `npm run build` makes it, built once per test run however many files ask.
 * It is a copy: a build in the same checkout meanwhile must not change a running process' files.
 */
export async function builtCommand(): Promise<string> {
  const folder = await oncePerRun('build', buildMs, build);
  return join(folder, 'dist/src/cli.js');
}

async function build(folder: string): Promise<void> {
  try {
    await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd: projectFolder, timeout: buildMs });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`npm run build: ${stdout ?? ''}${stderr ?? ''}`, { cause: error });
  }
  cpSync(join(projectFolder, 'dist'), join(folder, 'dist'), { recursive: true });
  cpSync(join(projectFolder, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(projectFolder, 'node_modules'), join(folder, 'node_modules'));
}
