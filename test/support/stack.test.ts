import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isAlive } from '../../src/services/processes.ts';
import { createStack, type Stack } from './stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await createStack();
});
afterAll(() => stack.close());

it('a stack has an empty database of its own', async () => {
  const client = new Client({ connectionString: stack.databaseUrl });
  await client.connect();
  const { rows } = await client.query('SELECT current_database() AS name, current_setting($1) AS zone', [
    'TimeZone',
  ]);
  await client.end();
  expect(rows).toEqual([{ name: new URL(stack.databaseUrl).pathname.slice(1), zone: 'UTC' }]);
});

it('a killed Redis comes back on the same port under another pid', async () => {
  const before = stack.redis.pid;
  await stack.redis.kill();
  expect(isAlive(before)).toBe(false);
  await stack.redis.restart();
  expect(stack.redis.pid).not.toBe(before);
  expect(isAlive(stack.redis.pid)).toBe(true);
});
