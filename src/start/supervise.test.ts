import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { until } from '../../test/support/wait.ts';
import { type SuperviseOptions, superviseRole } from './supervise.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** A role that is ready at once and lives until it is told to end. */
const entryText = `
  process.send({ type: 'ready', metricsUrl: 'http://127.0.0.1:9' });
  console.log('in words of ' + process.pid);
  process.on('disconnect', () => process.exit());
`;

function supervised(options: Partial<SuperviseOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-supervise-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const entry = join(folder, 'role.mjs');
  writeFileSync(entry, entryText);
  const logFile = join(folder, 'log', 'drainer-1.log');
  mkdirSync(join(folder, 'log'));
  const lines: string[] = [];
  const role = superviseRole({
    ...{ role: 'drainer', label: 'drainer 1', entry, env: {}, logFile },
    log: (line) => void lines.push(line),
    onChange: () => undefined,
    ...options,
  });
  cleanups.push(() => role.stop(0));
  const kill = () => process.kill(role.process()!.pid, 'SIGKILL');
  const untilSaid = (said: string) =>
    until(() => lines.some((line) => line.includes(said)), { deadlineMs: 10_000, what: said });
  return { role, lines, folder, logFile, kill, untilSaid };
}

/** Until the cleanup no process can be spawned. */
function breakSpawning(): () => void {
  const works = process.execPath;
  const mend = () => {
    process.execPath = works;
  };
  process.execPath = '/nowhere/node';
  cleanups.push(mend);
  return mend;
}

it('a role whose process could not be spawned is tried again until it could', async () => {
  const { role, kill, untilSaid } = supervised();
  await role.start();
  const mend = breakSpawning();
  kill();
  await untilSaid('drainer 1 could not be started: spawn /nowhere/node ENOENT; starting it again in ');
  mend();
  await untilSaid('drainer 1 is back');
  expect(role.process()).toMatchObject({ role: 'drainer' });
});

it('a role whose process could not be spawned is stopped at once', async () => {
  const { role, lines, kill, untilSaid } = supervised();
  await role.start();
  breakSpawning();
  kill();
  await untilSaid('/nowhere/node');
  await role.stop(100);
  const said = lines.length;
  await role.stop(100);
  expect(lines.length).toBe(said);
});

it('a first process that could not be spawned is the failure of the start, and nothing to stop', async () => {
  const { role } = supervised();
  breakSpawning();
  const started = role.start();
  await Promise.all([
    expect(started).rejects.toMatchObject({
      code: 'role-not-started',
      message: 'drainer 1 could not be started: spawn /nowhere/node ENOENT',
    }),
    role.stop(60_000),
  ]);
});

it('a role whose log cannot be opened is tried again until it can', async () => {
  const { role, folder, kill, untilSaid } = supervised();
  await role.start();
  renameSync(join(folder, 'log'), join(folder, 'moved'));
  writeFileSync(join(folder, 'log'), 'in the place of the folder');
  kill();
  await untilSaid('drainer 1 could not be started: ');
  rmSync(join(folder, 'log'));
  await untilSaid('drainer 1 is back');
});

it('what fails in those who are told of a change is said and ends nothing', async () => {
  const { role, lines, kill, untilSaid } = supervised({
    onChange: () => {
      throw new Error('ENOSPC: no space left on device, write');
    },
  });
  await role.start();
  kill();
  await untilSaid('drainer 1 is back');
  const complaints = lines.filter((line) => line.includes('no space left'));
  expect(complaints.length).toBeGreaterThanOrEqual(2);
  expect(complaints[0]).toContain('drainer 1');
});

it('a large log is moved aside at a start, with what the role said last', async () => {
  const { role, logFile, kill, untilSaid } = supervised();
  const large = `${'.'.repeat(10_000_000)}\nsaid last\n`;
  writeFileSync(logFile, large);
  await role.start();
  expect(statSync(logFile).size).toBeLessThan(1_000);
  expect(readFileSync(`${logFile}.1`, 'utf8') === large).toBe(true);

  const first = `in words of ${role.process()!.pid}\n`;
  await until(() => readFileSync(logFile, 'utf8') === first, { deadlineMs: 5_000, what: 'its words' });
  kill();
  await untilSaid('drainer 1 is back');
  expect(readFileSync(logFile, 'utf8').startsWith(first)).toBe(true);
});
