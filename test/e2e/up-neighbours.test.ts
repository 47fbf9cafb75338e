import { existsSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from '../../src/services/processes.ts';
import { readRunFile } from '../../src/start/run-file.ts';
import { get, post } from '../support/http.ts';
import { until } from '../support/wait.ts';
import { sluice } from './support/command.ts';
import { createFolders, type Instance, pidsOf, untilGone } from './support/instance.ts';

const folders = createFolders();
const listening: Server[] = [];
let first: Instance;
let second: Instance;

/** Listens on a port; resolves with `undefined` where somebody else does already. */
function occupy(port: number): Promise<number | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      listening.push(server);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

async function buy(instance: Instance, transactionId: string): Promise<void> {
  const order = { transactionId, sku: 'sticker', quantity: 1, customerId: 'customer-1' };
  const { gatewayUrl } = instance.run();
  await until(async () => (await post(gatewayUrl, 'demo', order)).status === 200, {
    deadlineMs: 20_000,
    what: `order ${transactionId} to be confirmed`,
  });
}

beforeAll(async () => {
  await occupy(8080);
  [first, second] = await Promise.all([
    folders.up(folders.create(), { OPS_PORT: '0' }),
    folders.up(folders.create(), { PORT: '0', OPS_PORT: '0' }),
  ]);
});
afterAll(async () => {
  for (const server of listening) server.close();
  await folders.close();
});

describe('two instances side by side', () => {
  it('share nothing', async () => {
    const [one, other] = [first.run(), second.run()];
    const mine = new Set(pidsOf(one));
    expect(pidsOf(other).filter((pid) => mine.has(pid))).toEqual([]);
    await Promise.all([buy(first, 'order-in-first'), buy(second, 'order-in-second')]);
    expect(await get(`${other.gatewayUrl}/sales/demo/orders/order-in-first`)).toMatchObject({ status: 404 });
  });

  it('take another port, and say so, where nobody asked for the default and it is taken', () => {
    const { port } = new URL(first.run().gatewayUrl);
    expect(port).not.toBe('8080');
    expect(first.output()).toContain(`port 8080 is taken: shoppers are served on ${port} instead`);
  });

  it('one that was killed is cleared up by the next start, the other goes on', {
    timeout: 60_000,
  }, async () => {
    const [before, neighbour] = [second.run(), first.run()];
    second.signal('SIGKILL');
    expect(await second.exited).toBe('SIGKILL');

    second = await folders.up(second.folder, { PORT: new URL(before.gatewayUrl).port, OPS_PORT: '0' });
    expect(pidsOf(before).filter(isAlive)).toEqual([]);
    expect(second.run().gatewayUrl).toBe(before.gatewayUrl);
    const kept = await get(`${before.gatewayUrl}/sales/demo/orders/order-in-second`);
    expect(kept).toMatchObject({ status: 200, body: { status: 'confirmed' } });
    await buy(second, 'order-after-the-kill');
    expect(first.run()).toEqual(neighbour);
    await buy(first, 'order-beside-the-kill');
  });

  it('the roles of one that was killed end by themselves', async () => {
    const { processes } = second.run();
    second.signal('SIGKILL');
    await second.exited;
    await untilGone(
      processes.map(({ pid }) => pid),
      15_000,
    );
    await buy(first, 'order-after-all-that');
  });
});

describe('sluice up that can not start', () => {
  it('names the port that was asked for and is taken', async () => {
    const folder = folders.create();
    const port = String(await occupy(0));
    const ended = await sluice(['up'], { cwd: folder, env: { PORT: port, OPS_PORT: '0' } });
    expect(ended).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `sluice: PORT ${port} is taken by another process: free it, or set another PORT\n`,
    });
    expect(existsSync(join(folder, '.sluice'))).toBe(false);
  });

  it('names every fault of the configuration at once, before anything starts', async () => {
    const folder = folders.create();
    const env = {
      PORT: 'eighty',
      DRAINERS: '0',
      LOG_LEVEL: 'loud',
      TRUST_PROXY: 'everyone',
      AMQP_URL: 'http://broker',
    };
    const { code, stdout, stderr } = await sluice(['up'], { cwd: folder, env });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    for (const name of Object.keys(env)) expect(stderr).toContain(name);
    expect(stderr).toContain(`${Object.keys(env).length} fault(s)`);
    expect(existsSync(join(folder, '.sluice'))).toBe(false);
  });

  it('is stopped by Ctrl-C while it starts, with nothing left', { timeout: 60_000 }, async () => {
    const folder = folders.create();
    const instance = await folders.launch(folder, { PORT: '0', OPS_PORT: '0' });
    await until(() => instance.output().includes('is ready'), {
      deadlineMs: 20_000,
      what: 'the first service to be ready',
    });
    instance.signal('SIGINT', 'group');
    expect(await instance.exited).toBe(0);
    expect(instance.output()).toContain('stopped');
    expect(readRunFile(folder)).toBeUndefined();
    expect(instance.servers()).toEqual([]);
  });

  it('is stopped at once by a second Ctrl-C, whatever it waits for, with nothing left', async () => {
    // A frozen gateway and a frozen database would be waited for.
    const instance = await folders.up(folders.create(), {
      ...{ PORT: '0', OPS_PORT: '0' },
      SHUTDOWN_DEADLINE_MS: '300000',
    });
    const run = instance.run();
    for (const { pid } of [
      run.processes.find(({ role }) => role === 'gateway')!,
      run.services.find(({ name }) => name === 'postgres')!,
    ])
      process.kill(pid, 'SIGSTOP');
    instance.signal('SIGINT', 'group');
    await until(() => instance.output().includes('stopping'), {
      deadlineMs: 20_000,
      what: 'the first signal to be heard',
    });
    instance.signal('SIGINT', 'group');
    expect(await instance.exited).toBe(1);
    expect(instance.output()).toMatch(/stopping\nstopping at once\nstopped\n$/);
    await untilGone(pidsOf(run), 5_000);
    expect(instance.servers()).toEqual([]);
    expect(readRunFile(instance.folder)).toBeUndefined();
  });
});
