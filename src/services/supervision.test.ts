import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { until } from '../../test/support/wait.ts';
import { allProcesses, query, redisSays, useServices } from './services.testing.ts';

const { newDataDir, servicesIn } = useServices();
const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);

it('starts a killed server again on the same port, keeps what it had answered, and tells', async () => {
  const dataDir = newDataDir();
  const { services, lines } = servicesIn(dataDir, { which: ['postgres', 'redis'], supervise: true });
  const restarted: { name: string; pid: number }[] = [];
  services.onRestart((process) => void restarted.push(process));
  const urls = await services.start();
  await redisSays(urls.redisUrl, 'SET kept 7', '+OK\r\n');
  for (const { pid } of services.processes()) process.kill(pid, 'SIGKILL');
  await until(() => restarted.length === 2, { deadlineMs: 20_000, what: 'both servers to be back' });
  expect(services.processes().toSorted(byName)).toEqual(restarted.toSorted(byName));
  expect(await redisSays(urls.redisUrl, 'GET kept', '$1\r\n7\r\n')).toBe(true);
  expect(await query(urls.databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(lines.join('\n')).toContain('Redis (pid');
  await services.stop(10_000);
  expect(allProcesses(dataDir)).toEqual([]);
});

it('goes on keeping a server where those who are told of its return fail, and says so', async () => {
  const { services, lines } = servicesIn(newDataDir(), { which: ['redis'], supervise: true });
  services.onRestart(() => {
    throw new Error('ENOSPC: no space left on device, write');
  });
  await services.start();
  for (let life = 1; life <= 2; life++) {
    process.kill(services.processes()[0]!.pid, 'SIGKILL');
    await until(() => lines.filter((line) => line.includes('no space left')).length === life, {
      deadlineMs: 20_000,
      what: `the complaint after end ${life}`,
    });
    expect(lines.at(-1)).toContain('Redis');
    expect(services.processes()).toHaveLength(1);
  }
});

it('makes a removed folder of logs anew when it starts a server again', async () => {
  const dataDir = newDataDir();
  const { services, lines } = servicesIn(dataDir, { which: ['redis'], supervise: true });
  await services.start();
  rmSync(join(dataDir, 'logs'), { recursive: true });
  process.kill(services.processes()[0]!.pid, 'SIGKILL');
  await until(() => lines.some((line) => line.startsWith('Redis is back')), {
    deadlineMs: 10_000,
    what: 'Redis to be back',
  });
  expect(readFileSync(join(dataDir, 'logs/redis.log'), 'utf8')).toContain('Ready to accept connections');
});
