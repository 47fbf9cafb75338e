import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOwnInstance } from './instance/own-instance.ts';
import { answers } from './instance/run-file.ts';
import { hold } from './profile/rate-profile.ts';
import { type RunOptions, runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import {
  auditClean,
  backlogDrained,
  capUsed,
  everyAcceptedConfirmed,
  noErrors,
  withinCap,
} from './verdict/measures.ts';

const cli = fileURLToPath(new URL('test-support/stand-in-cli.mjs', import.meta.url));

const scenario: Scenario = {
  name: 'brief',
  summary: 'A brief load.',
  model: 'open-loop',
  defaults: { rate: 300, seconds: 1, stock: 200, gateways: 1, drainers: 1 },
  profile: ({ rate, seconds }) => hold(rate, seconds),
  thresholds: [noErrors, backlogDrained, withinCap, capUsed, auditClean],
};

let folder: string;
let said: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-scenario-test-'));
  said = '';
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function options(changes: Partial<RunOptions> & { fault?: string } = {}): RunOptions {
  const { fault, ...rest } = changes;
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      said += chunk;
      done();
    },
  });
  return {
    warmupSeconds: 1,
    targets: [],
    ownsTargets: false,
    out: join(folder, 'results'),
    keepSale: false,
    command: { cli, folder, env: { ...process.env, ...(fault ? { STAND_IN_FAULT: fault } : {}) } },
    signal: new AbortController().signal,
    output: output as unknown as NodeJS.WriteStream,
    ...rest,
  };
}

describe('a scenario', () => {
  it('starts an instance where none runs, loads it, audits, reports, and stops it', async () => {
    const { result, files } = await runScenario(scenario, options());
    expect(result.thresholds.filter(({ passed }) => !passed)).toEqual([]);
    expect(result.passed).toBe(true);
    expect(result.drive.warmup.outcomes.accepted).toBe(150);
    expect(result.drive.measured.outcomes).toMatchObject({ accepted: 200, 'sold-out': 100 });
    // The audit counted the lines of the log it was given: one for each answer.
    expect(result.audit.report).toMatchObject({ lines: 450, accepted: 350 });
    expect(result.samples.some(({ waiting }) => waiting !== undefined)).toBe(true);
    expect(await answers(result.targets[0]!)).toBe(false);
    expect(JSON.parse(await readFile(files.json, 'utf8'))).toEqual(JSON.parse(JSON.stringify(result)));
    const html = await readFile(files.html, 'utf8');
    expect(html).toContain('Passed');
    expect(html).toContain('>450<');
    expect(said).toMatch(/sent \d+ .*accepted \d+ .*p99/);
  });

  it('uses the instance that runs, leaves it running, and gives it its cap back', async () => {
    const { command, signal } = options();
    const own = { cli, env: command.env, gateways: 1, drainers: 1, signal, logFile: join(folder, 'up.log') };
    const instance = await startOwnInstance(own);
    try {
      const inFolder = { ...command, folder: instance.folder };
      const { result } = await runScenario(scenario, options({ command: inFolder, cap: 1_500 }));
      expect(result).toMatchObject({ passed: true, startedHere: false, capOrdersPerSecond: 1_500 });
      const commands = await (await fetch(new URL('/commands', instance.runFile.opsUrl))).json();
      expect(commands).toEqual([
        'cap 1500',
        'sale apply',
        `audit --json --sale ${result.saleId} --log`,
        `sale archive ${result.saleId} --force`,
        'cap 2000',
      ]);
    } finally {
      await instance.stop();
    }
  });

  it('asks the ops role that it is told of, where nothing but URLs names the instance', async () => {
    const { command, signal } = options();
    const own = { cli, env: command.env, gateways: 1, drainers: 1, signal, logFile: join(folder, 'up.log') };
    const instance = await startOwnInstance(own);
    try {
      const { gatewayUrl, opsUrl } = instance.runFile;
      const named = {
        targets: [new URL(gatewayUrl)],
        ops: new URL(opsUrl),
        command: { ...command, env: { ...command.env, STAND_IN_OPS: opsUrl } },
      };
      const { result } = await runScenario(scenario, options(named));
      expect(result.thresholds.filter(({ passed }) => !passed)).toEqual([]);
      expect(result).toMatchObject({ passed: true, startedHere: false, capOrdersPerSecond: 2_000 });
    } finally {
      await instance.stop();
    }
  });

  it('has not passed when the audit finds a fault', async () => {
    const { result, files } = await runScenario(scenario, options({ fault: 'audit' }));
    expect(result.passed).toBe(false);
    expect(result.thresholds.filter(({ passed }) => !passed).map(({ name }) => name)).toEqual(['Audit']);
    expect(await readFile(files.html, 'utf8')).toContain('Failed: 1 of 5 thresholds');
  });

  it('has not passed when the ledger could not be read', async () => {
    const strict = { ...scenario, thresholds: [everyAcceptedConfirmed] };
    const { result } = await runScenario(strict, options());
    expect(result.thresholds).toMatchObject([{ passed: false, note: 'the ledger could not be read' }]);
  });

  it('says where to look when the instance does not start', async () => {
    await expect(runScenario(scenario, options({ fault: 'start' }))).rejects.toMatchObject({
      code: 'INSTANCE_START_FAILED',
      message: expect.stringContaining(`${basename(folder)}/results/brief-`),
    });
  });

  it('refuses a foreign target before it starts anything', async () => {
    const targets = [new URL('http://shop.example')];
    await expect(runScenario(scenario, options({ targets }))).rejects.toMatchObject({
      code: 'FOREIGN_TARGET',
    });
    expect(said).toBe('');
  });
});
