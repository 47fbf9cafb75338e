import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { faults } from '../../loadtest/rehearse/faults/index.ts';
import { planActs } from '../../loadtest/rehearse/plan.ts';
import type { RehearsalResult } from '../../loadtest/rehearse/result.ts';
import { readRunFile } from '../../src/start/run-file.ts';
import { type Environment, sluice } from '../e2e/support/command.ts';
import { builtCommand } from '../support/build.ts';
import { createStack, type Stack } from '../support/stack.ts';
import { until } from '../support/wait.ts';

let stacks: readonly Stack[] = [];
let home: string;

beforeAll(async () => {
  home = mkdtempSync(join(inject('servicesDir'), 'rehearsal-'));
  [stacks] = await Promise.all([Promise.all([createStack(), createStack()]), builtCommand()]);
});
afterAll(() => Promise.all(stacks.map((stack) => stack.close())));

// The reconciler waits for a multiple of the confirm timeout before it publishes again.
const quick = { CONFIRM_TIMEOUT_MS: '500' };

function rehearse(words: readonly string[], env: Environment = {}) {
  return sluice(['rehearse', ...words], { cwd: home, env: { ...quick, ...env }, timeoutMs });
}

const timeoutMs = 150_000;

describe.concurrent('a rehearsal', () => {
  it('keeps every promise under the strikes of its seed, and says GO', { timeout: timeoutMs }, async () => {
    const names = ['kill-at-claim-publish', 'kill-at-commit-settle', 'backends-terminated'];
    const report = join(home, 'report.html');
    const { code, stdout, stderr } = await rehearse(
      [
        ...['--seed', '11', '--rate', '60', '--drainers', '1', '--faults', names.join(','), '--no-bounds'],
        ...['--on-these-services', '--json', '--report', report, '--folder', join(home, 'go')],
      ],
      stacks[0]!.settings,
    );
    expect(stderr).toMatch(/seed 11: GO/);
    const result: RehearsalResult = JSON.parse(stdout);
    expect(result).toMatchObject({ go: true, reasons: [], privateServices: false });
    expect(code).toBe(0);
    const plan = planActs({
      seed: 11,
      faults: names.map((name) => faults.find((fault) => fault.name === name)!),
      ordersPerSecond: 60,
      length: { rounds: 1 },
    });
    const struck = result.acts.flatMap((act) => act.strikes);
    expect(struck.map(({ fault, atOrder }) => ({ fault, atOrder }))).toEqual(
      [...plan].flatMap(({ strikes }) =>
        strikes.map(({ fault, atOrder }) => ({ fault: fault.name, atOrder })),
      ),
    );
    const [act] = result.acts;
    expect(act!.outcomes.accepted).toBeGreaterThan(100);
    expect(act!.outcomes['sold-out']).toBeGreaterThan(0);
    expect(act!.outcomes['refused-limit']).toBeGreaterThan(0);
    expect(act!.outcomes.replayed).toBeGreaterThan(0);
    expect(readFileSync(report, 'utf8')).toContain('GO');
    expect(existsSync(join(home, 'go', '.sluice', 'run.json')), 'the run file is gone').toBe(false);
  });

  it('says NO-GO when an accepted order is lost or a process ends by itself, and names what broke', {
    timeout: timeoutMs,
  }, async () => {
    const stack = stacks[1]!;
    const rehearsing = rehearse(
      [
        ...['--seed', '12', '--faults', 'kill-drainer', '--no-bounds', '--on-these-services'],
        ...['--gateways', '1', '--drainers', '1', '--json', '--folder', join(home, 'no-go')],
      ],
      stack.settings,
    );
    const db = new pg.Client(stack.databaseUrl);
    await db.connect();
    await until(
      async () => {
        const { rowCount } = await db.query(
          `DELETE FROM orders WHERE ctid =
             (SELECT ctid FROM orders WHERE sku = 'plenty' AND status = 'confirmed' LIMIT 1)`,
        );
        return rowCount === 1;
      },
      { deadlineMs: 60_000, what: 'an order to lose' },
    );
    await db.end();
    const { processes } = readRunFile(join(home, 'no-go'))!;
    const gateway = processes.find(({ role }) => role === 'gateway')!;
    process.kill(gateway.pid, 'SIGKILL');
    const { code, stdout, stderr } = await rehearsing;
    expect(stderr).toMatch(/seed 12: NO-GO/);
    expect(code).toBe(1);
    const result: RehearsalResult = JSON.parse(stdout);
    expect(result.go).toBe(false);
    expect(result.reasons.join('\n')).toMatch(/promise 1/);
    expect(result.reasons.join('\n')).toMatch(/promise 3/);
    expect(result.reasons.join('\n')).toMatch(/the follower ranking has \d+ orders/);
    expect(result.reasons.join('\n')).toContain(`gateway 1 (pid ${gateway.pid}) ended by itself`);
    expect(result.table).toMatchObject([{ fault: 'kill-drainer', strikes: 1, violations: 1, atMost: null }]);
  });

  it('refuses services that nobody said may be broken, and starts nothing', async () => {
    const stack = stacks[0]!;
    const { code, stderr } = await rehearse([], stack.settings);
    expect(code).toBe(2);
    expect(stderr).toMatch(/add --on-these-services if they may be broken/);
    expect(stderr).not.toContain(stack.databaseUrl);
    expect(readdirSync(home)).not.toContain('.sluice');
  });

  it('an unknown fault is a usage error that lists those known', async () => {
    const { code, stderr } = await rehearse(['--faults', 'kill-everything']);
    expect(code).toBe(2);
    for (const { name } of faults) expect(stderr).toContain(name);
  });
});
