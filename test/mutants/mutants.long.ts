import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RehearsalResult } from '../../loadtest/rehearse/result.ts';
import { type CatchingAudit, type CatchingTest, type Mutant, mutants } from './mutants.ts';
import { copyCheckout } from './mutated-copy.ts';

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly output: string;
}

function run(folder: string, command: string, args: readonly string[], env: object = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd: folder, env: { ...process.env, ...env }, maxBuffer: 2 ** 28 };
    const child = execFile(command, args, options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, output: `${stdout}\n${stderr}` }),
    );
  });
}

/** Titles of the tests that failed. */
async function failedTests(folder: string, { file, test }: CatchingTest): Promise<string[]> {
  const pattern = test.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const results = join(folder, 'results.json');
  const args = ['vitest', 'run', file, '-t', pattern, '--reporter=json', `--outputFile=${results}`];
  const { output } = await run(folder, 'npx', args);
  let report: { testResults: { assertionResults: { title: string; status: string }[] }[] };
  try {
    report = JSON.parse(readFileSync(results, 'utf8'));
  } catch (error) {
    throw new Error(`the tests gave no report:\n${output}`, { cause: error });
  }
  const all = report.testResults.flatMap((one) => one.assertionResults);
  expect(all.map((one) => one.title)).toContain(test);
  return all.filter((one) => one.status === 'failed').map((one) => one.title);
}

async function rehearse(folder: string, { rehearse: args, env }: CatchingAudit): Promise<RehearsalResult> {
  const words = ['rehearse', '--json', '--no-bounds', '--seed', '1', ...args];
  const { stdout, output } = await run(folder, process.execPath, ['dist/src/cli.js', ...words], env);
  try {
    return JSON.parse(stdout) as RehearsalResult;
  } catch (error) {
    throw new Error(`the rehearsal gave no result:\n${output}`, { cause: error });
  }
}

async function isCaught({ changes, caughtBy }: Mutant): Promise<void> {
  const copy = copyCheckout(changes);
  try {
    if ('test' in caughtBy) {
      expect(await failedTests(copy.folder, caughtBy)).toContain(caughtBy.test);
      return;
    }
    const built = await run(copy.folder, 'npm', ['run', '--silent', 'build']);
    if (built.code !== 0) throw new Error(`the mutant cannot be built:\n${built.output}`);
    const { go, reasons, acts } = await rehearse(copy.folder, caughtBy);
    const said = [...reasons, ...acts.flatMap((act) => act.violations)].join('\n');
    expect(go, said).toBe(false);
    expect(said).toMatch(new RegExp(`, (${caughtBy.checks.join('|')})(:| )`));
  } finally {
    copy.remove();
  }
}

describe('what breaks a promise is caught', () => {
  it.each(mutants)('$name', isCaught);
});
