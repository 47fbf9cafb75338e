import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isAlive, processesIn } from '../../src/services/processes.ts';
import { readRunFile } from '../../src/start/run-file.ts';
import { post } from '../support/http.ts';
import { createStack, type Stack } from '../support/stack.ts';
import { createFolders, pidsOf, untilGone } from './support/instance.ts';

const folders = createFolders();
let stack: Stack;

beforeAll(async () => {
  stack = await createStack();
});
afterAll(async () => {
  await folders.close();
  await stack?.close();
});

it('sluice up uses the servers it is given, starts none, and leaves them running', async () => {
  const folder = folders.create();
  const env = { ...stack.settings, PORT: '0', OPS_PORT: '0' };
  const instance = await folders.up(folder, env);
  const run = instance.run();
  expect(run).toMatchObject({ databaseUrl: stack.databaseUrl, redisUrl: stack.redisUrl, services: [] });
  expect(instance.servers()).toEqual([]);
  const order = { transactionId: 'order-on-given', sku: 'sticker', quantity: 1, customerId: 'customer-1' };
  expect(await post(run.gatewayUrl, 'demo', order)).toMatchObject({ status: 202 });
  expect(await instance.sluice('up')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('runs in this folder already'),
  });

  instance.signal('SIGTERM');
  expect(await instance.exited).toBe(0);
  await untilGone(pidsOf(run), 0);
  expect(readRunFile(folder)).toBeUndefined();
  expect(isAlive(stack.redis.pid)).toBe(true);

  const again = await folders.up(folder, env);
  const replay = await post(again.run().gatewayUrl, 'demo', order);
  expect(replay.headers.get('idempotent-replayed')).toBe('true');
  again.signal('SIGTERM');
  expect(await again.exited).toBe(0);
});

it('sluice up that cannot write what runs has failed, says why, and leaves nothing running', async () => {
  const folder = folders.create();
  const instance = await folders.launch(folder, { ...stack.settings, PORT: '0', OPS_PORT: '0' });
  // In the place of the draft.
  mkdirSync(join(folder, `.sluice/run.json.${instance.pid}`), { recursive: true });
  expect(await instance.exited).toBe(1);
  expect(instance.output()).toMatch(
    /^sluice: \.sluice\/run\.json cannot be written: make room, or mend its permissions\n {2}because: EISDIR/m,
  );
  expect(processesIn(folder, ['node'])).toEqual([]);
});
