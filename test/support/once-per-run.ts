import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import './services.ts';
import { until } from './wait.ts';

/**
 * Does `work` once per test run, however many test files ask for it, and resolves in all of them when it is done.
 * `work` gets a folder of the run; what it throws is thrown in all of them.
 */
export async function oncePerRun(
  name: string,
  deadlineMs: number,
  work: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(inject('servicesDir'), name);
  const outcome = join(folder, 'outcome');
  if (isFirst(folder)) {
    const said = await work(folder).then(
      () => 'done',
      (error: unknown) => String(error),
    );
    writeFileSync(`${outcome}.next`, said);
    renameSync(`${outcome}.next`, outcome);
  }
  await until(() => existsSync(outcome), { deadlineMs, what: `another test file to finish: ${name}` });
  const said = readFileSync(outcome, 'utf8');
  if (said !== 'done') throw new Error(`${name} failed:\n${said}`);
  return folder;
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
