import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive, processesIn } from '../../src/services/processes.ts';
import { readRunFile } from '../../src/start/run-file.ts';
import { get, post } from '../support/http.ts';
import { until } from '../support/wait.ts';
import { createFolders, type Instance, pidsOf, untilGone } from './support/instance.ts';

/** Every metric of docs/metrics.md that stands without load, and some of Node's own. */
const metricNames = [
  'sluice_orders_total',
  'sluice_order_intake_seconds_bucket',
  'sluice_order_settle_seconds_bucket',
  'sluice_orders_waiting',
  'sluice_oldest_order_age_seconds',
  'sluice_backlog_drain_seconds',
  'sluice_drain_cap_orders_per_second',
  'sluice_drained_orders_total',
  'sluice_batch_orders_bucket',
  'sluice_batch_commit_seconds_bucket',
  'sluice_stock_left',
  'sluice_stock_claimed',
  'sluice_stock_drift',
  'sluice_dead_letters',
  'sluice_broker_blocked',
  'sluice_dependency_up',
  'process_cpu_seconds_total',
  'nodejs_eventloop_lag_seconds',
];

/** What is true of the cluster must come from one process only. */
const clusterMetricNames = ['sluice_orders_waiting', 'sluice_stock_left', 'sluice_dead_letters'];

const folders = createFolders();
const folder = folders.create();
const runFile = join(folder, '.sluice/run.json');
let instance: Instance;

const order = (transactionId: string) => ({
  transactionId,
  sku: 'sticker',
  quantity: 1,
  customerId: 'customer-1',
});

/** Sends an order and resolves when the ledger has confirmed it. */
async function buy(transactionId: string): Promise<void> {
  const { gatewayUrl } = instance.run();
  await until(
    async () => (await post(gatewayUrl, 'demo', order(transactionId)).catch(() => undefined))?.status === 200,
    { deadlineMs: 20_000, what: `order ${transactionId} to be taken and confirmed` },
  );
}

const roleOf = (label: string) =>
  instance.run().processes.find(({ role, name }) => (name ? `${role} ${name}` : role) === label);
const pidOfService = (wanted: string) => instance.run().services.find(({ name }) => name === wanted)?.pid;

function groupOf(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'pgid=', '-p', String(pid)], { encoding: 'utf8' }));
}

beforeAll(async () => {
  instance = await folders.up(folder, { PORT: '0', OPS_PORT: '0' });
});
afterAll(() => folders.close());

describe('sluice up', () => {
  it('says where everything is, in a file for its owner only', () => {
    const run = instance.run();
    expect(statSync(runFile).mode & 0o777).toBe(0o600);
    expect(run).toMatchObject({
      gatewayUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      opsUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      databaseUrl: expect.stringMatching(/^postgresql:/),
      amqpUrl: expect.stringMatching(/^amqp:/),
      amqpManagementUrl: expect.stringMatching(/^http:/),
      redisUrl: expect.stringMatching(/^redis:/),
      adminToken: expect.stringMatching(/^.{16,}$/),
    });
    expect(run.processes.map(({ role, name }) => (name ? `${role} ${name}` : role)).sort()).toEqual([
      'drainer',
      'follower loyalty',
      'follower ranking',
      'gateway',
      'ops',
    ]);
    expect(run.services.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['postgres', 'rabbitmq', 'redis']),
    );
    expect(pidsOf(run).filter((pid) => !isAlive(pid))).toEqual([]);
    expect(processesIn(join(folder, '.sluice/rabbitmq'), ['beam.smp'])).toEqual([pidOfService('rabbitmq')]);
    expect(instance.output()).toContain(run.gatewayUrl);
    expect(instance.output()).not.toContain(run.adminToken);
  });

  it('takes an order of the demo sale and confirms it', async () => {
    const { gatewayUrl } = instance.run();
    const accepted = await post(gatewayUrl, 'demo', order('the-first-order'));
    expect(accepted).toMatchObject({
      status: 202,
      body: { saleId: 'demo', transactionId: 'the-first-order', status: 'accepted', position: 1 },
    });
    const location = new URL(accepted.headers.get('location')!, gatewayUrl).href;
    const settled = await until(
      async () => {
        const answer = await get(location);
        return answer.body.status !== 'accepted' && answer;
      },
      { deadlineMs: 10_000, what: 'the order to settle' },
    );
    expect(settled).toMatchObject({
      status: 200,
      body: { status: 'confirmed', sku: 'sticker', quantity: 1 },
    });
  });

  it('runs the followers of the demo sale’s orders', async () => {
    const { gatewayUrl } = instance.run();
    await until(
      async () => (await get(`${gatewayUrl}/sales/demo/ranking`)).body.bestSellers?.[0]?.sku === 'sticker',
      { deadlineMs: 20_000, what: 'the sold sticker in the ranking' },
    );
    const niceOf = (wanted: string) =>
      instance
        .run()
        .processes.filter(({ role }) => role === wanted)
        .map(({ pid }) => getPriority(pid));
    const [order] = niceOf('gateway');
    const after = Math.min(19, order! + 10);
    expect(niceOf('follower')).toEqual([after, after]);
  });

  it('serves the API pages, and every metric from the process that knows it', async () => {
    const run = instance.run();
    expect(await get(`${run.gatewayUrl}/docs`)).toMatchObject({ status: 200 });
    const texts = new Map<string, string>();
    await until(
      async () => (await get(`${run.opsUrl}/metrics`)).body.includes('sluice_stock_drift{sale="demo"'),
      {
        deadlineMs: 10_000,
        what: 'the ops role to have looked at the demo sale',
      },
    );
    for (const { role, metricsUrl } of run.processes) texts.set(role, (await get(metricsUrl)).body);
    texts.set('ops', (await get(`${run.opsUrl}/metrics`)).body);
    const serving = (name: string) =>
      [...texts].filter(([, text]) => new RegExp(`^${name}[ {]`, 'm').test(text)).map(([role]) => role);
    expect(metricNames.filter((name) => serving(name).length === 0)).toEqual([]);
    for (const name of clusterMetricNames) expect(serving(name), name).toEqual(['ops']);
  });

  it('refuses to run twice in one folder', async () => {
    const second = await instance.sluice('up');
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('runs in this folder already');
    expect(second.stderr).toContain(instance.run().gatewayUrl);
    expect(readRunFile(folder)).toEqual(instance.run());
  });

  it.each(['gateway', 'drainer', 'follower loyalty', 'ops'])('starts a killed %s again', async (role) => {
    const before = roleOf(role)!;
    process.kill(before.pid, 'SIGKILL');
    const after = await until(() => roleOf(role)?.pid !== before.pid && roleOf(role), {
      deadlineMs: 20_000,
      what: `the ${role} to be back in the run file`,
    });
    expect(isAlive(after.pid)).toBe(true);
    expect(after.url).toBe(before.url);
    expect(await get(after.metricsUrl)).toMatchObject({ status: 200 });
    expect(instance.output()).toMatch(new RegExp(`${role}.* was ended by SIGKILL; starting it again`));
    expect(instance.output()).toMatch(new RegExp(`${role}.* is back \\(pid ${after.pid}\\)`));
    await buy(`after-a-killed-${role.replace(' ', '-')}`);
  });

  it('goes on without an operator after Redis was killed', async () => {
    const before = pidOfService('redis')!;
    process.kill(before, 'SIGKILL');
    const after = await until(() => pidOfService('redis') !== before && pidOfService('redis'), {
      deadlineMs: 20_000,
      what: 'Redis to be back in the run file',
    });
    expect(isAlive(after)).toBe(true);
    expect(instance.output()).toContain(`(pid ${before}) died`);
    await buy('after-a-killed-redis');
    const { gatewayUrl } = instance.run();
    expect(await post(gatewayUrl, 'demo', order('the-first-order'))).toMatchObject({
      status: 200,
      body: { status: 'confirmed' },
    });
  });

  it('goes on where it cannot write what runs, says so, and makes up for it', async () => {
    const before = instance.run();
    const outputBefore = instance.output().length;
    const newOutput = () => instance.output().slice(outputBefore);
    const files = ['run.json', 'prometheus-targets.json'];
    // A write fails where a folder is in the place of the draft.
    const drafts = [`${runFile}.${instance.pid}`, join(folder, '.sluice/prometheus-targets.json.next')];
    for (const draft of drafts) mkdirSync(draft);
    process.kill(pidOfService('redis')!, 'SIGKILL');
    process.kill(roleOf('drainer')!.pid, 'SIGKILL');
    await until(() => ['Redis is back', 'drainer 1 is back'].every((said) => newOutput().includes(said)), {
      deadlineMs: 20_000,
      what: 'Redis and the drainer to be back',
    });
    for (const file of files) {
      expect(newOutput()).toMatch(new RegExp(`^\\.sluice/${file} cannot be kept current: EISDIR`, 'm'));
    }
    expect(instance.run()).toEqual(before);

    for (const draft of drafts) rmdirSync(draft);
    await until(() => files.every((file) => newOutput().includes(`.sluice/${file} is current again`)), {
      deadlineMs: 20_000,
      what: 'the files to be written again',
    });
    expect(pidsOf(instance.run()).filter((pid) => !isAlive(pid))).toEqual([]);
    const targets = JSON.parse(readFileSync(join(folder, '.sluice/prometheus-targets.json'), 'utf8'));
    expect(targets).toContainEqual({
      targets: [new URL(roleOf('drainer')!.metricsUrl).host],
      labels: { role: 'drainer' },
    });
    await buy('after-failed-writes');
  });

  it('leaves nothing behind after Ctrl-C, which reaches it alone', async () => {
    const run = instance.run();
    expect(pidsOf(run).filter((pid) => groupOf(pid) === instance.pid)).toEqual([]);

    instance.signal('SIGINT', 'group');
    expect(await instance.exited).toBe(0);
    // It stops in phases; a role that was hit by the signal itself would have been started again, or be gone early.
    expect(instance.output()).not.toMatch(/ended by SIGINT/);
    await untilGone(pidsOf(run), 0);
    expect(readRunFile(folder)).toBeUndefined();
  });

  it('has kept the orders when it is started again', async () => {
    instance = await folders.up(folder, { PORT: '0', OPS_PORT: '0' });
    const { gatewayUrl } = instance.run();
    const url = `${gatewayUrl}/sales/demo/orders/the-first-order`;
    expect(await get(url)).toMatchObject({ status: 200, body: { status: 'confirmed' } });
    expect(await post(gatewayUrl, 'demo', order('the-first-order'))).toMatchObject({ status: 200 });
    await buy('after-a-new-start');
  });
});
