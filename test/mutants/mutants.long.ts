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
  const words = [
    'rehearse',
    '--json',
    '--no-bounds',
    '--seed',
    '1',
    '--folder',
    join(folder, 'run'),
    ...args,
  ];
  const { stdout, output } = await run(folder, process.execPath, ['dist/src/cli.js', ...words], env);
  try {
    return JSON.parse(stdout) as RehearsalResult;
  } catch (error) {
    throw new Error(`the rehearsal gave no result:\n${output}`, { cause: error });
  }
}

/** Rehearses with the checkout and these changes; resolves with the verdict and everything that was against it. */
async function rehearsed(changes: Mutant['changes'], audit: CatchingAudit) {
  const copy = copyCheckout(changes);
  try {
    const built = await run(copy.folder, 'npm', ['run', '--silent', 'build']);
    if (built.code !== 0) throw new Error(`it cannot be built:\n${built.output}`);
    const { go, reasons, acts } = await rehearse(copy.folder, audit);
    return { go, said: [...reasons, ...acts.flatMap((act) => act.violations)] };
  } finally {
    copy.remove();
  }
}

describe('what breaks a promise fails a test', () => {
  const byTest = mutants.filter((mutant) => 'test' in mutant.caughtBy);
  it.each(byTest)('$name', async ({ changes, caughtBy }) => {
    const test = caughtBy as CatchingTest;
    const copy = copyCheckout(changes);
    try {
      expect(await failedTests(copy.folder, test)).toContain(test.test);
    } finally {
      copy.remove();
    }
  });
});

describe('what breaks a promise fails the audit, and nothing else does', () => {
  const byAudit = mutants.filter((mutant) => 'rehearse' in mutant.caughtBy);
  it.each(byAudit)('$name', async ({ name, changes, caughtBy }) => {
    const audit = caughtBy as CatchingAudit;
    const mutant = await rehearsed(changes, audit);
    const finding = new RegExp(`^audit, promise \\d, (${audit.checks.join('|')}): `);
    const found = mutant.said.filter((line) => finding.test(line));
    console.log(`${name}: ${found.join('\n')}`);
    expect(found, mutant.said.join('\n')).not.toEqual([]);
    expect(await rehearsed([], audit)).toEqual({ go: true, said: [] });
  });
});
