import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patience } from '../support/patience.ts';
import { createStack, type Stack } from '../support/stack.ts';
import { until } from '../support/wait.ts';
import { sluice } from './support/command.ts';
import { createFolders, type Instance } from './support/instance.ts';
import { createShop, type Shop } from './support/shop.ts';
import { inPipe, onTerminal } from './support/terminal.ts';

const folders = createFolders();
let stack: Stack;
let instance: Instance;
let shop: Shop;

beforeAll(async () => {
  stack = await createStack();
  instance = await folders.up(folders.create(), { ...stack.settings, ...patience, PORT: '0', OPS_PORT: '0' });
  shop = createShop(instance);
  await shop.sell('watched', { items: [{ sku: 'lamp', name: 'Lamp', priceMinor: 1, stock: 3 }] });
});
afterAll(async () => {
  await folders.close();
  await stack?.close();
});

const screenOpened = '\x1b[?1049h';
const screenClosed = '\x1b[?1049l';

describe('sluice status', () => {
  it('shows cap, backlog, rates, stock, dependencies and roles', async () => {
    const { stdout } = await until(
      async () => {
        const ended = await instance.sluice('status');
        expect(ended).toMatchObject({ code: 0 });
        // On a busy machine a role may lose a server for a moment, and says so.
        return ended.stdout.includes('PostgreSQL up, Redis up, RabbitMQ up') && ended;
      },
      { deadlineMs: 20_000, what: 'every role to have its servers' },
    );
    for (const row of [
      /^cap +2,000 orders\/s \(configured\)$/m,
      /^waiting +0 orders$/m,
      /^drained +0\/s, 0 % of the cap$/m,
      /^sold out +0\/s$/m,
      /^dependencies +PostgreSQL up, Redis up, RabbitMQ up$/m,
      /^roles +1 drainer, 1 gateway, 1 ops$/m,
      /^ {2}lamp +█+ +3 of 3 left; 3 to claim, 0 claimed$/m,
    ])
      expect(stdout).toMatch(row);
    expect(stdout).not.toContain('\x1b');
  });

  it('tells a server that is away from what it can still read', async () => {
    const { code, stdout } = await sluice(['status', '--json'], {
      cwd: folders.create(),
      // Nothing can listen on port 0.
      env: { ...stack.settings, REDIS_URL: 'redis://127.0.0.1:0' },
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      dependencies: [
        { name: 'postgres', up: true },
        { name: 'redis', up: false },
        { name: 'rabbitmq', up: true },
      ],
      cap: { ordersPerSecond: 2_000 },
      waiting: null,
      orders: null,
      drained: null,
      processes: null,
    });
  });
});

describe('sluice status --watch', () => {
  it('prints a line each second into a pipe, with the rates of that second, until Ctrl-C', async () => {
    const watching = await inPipe(instance.folder, ['status', '--watch']);
    await watching.prints(/\n.*\n/);
    const answers = await Promise.all(Array.from({ length: 5 }, () => shop.buy('watched')));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 202, 202, 409, 409]);
    for (const name of ['accepted', 'drained', 'sold-out'])
      await watching.prints(new RegExp(` ${name}=[1-9]`));
    // On a busy machine a look may miss what a server did not say in time.
    await watching.prints(/^\S+ waiting=\d+ .* cap=2000\/s reason=configured /m);
    expect(await watching.interrupt()).toBe(0);
    const lines = watching.output().trimEnd().split('\n');
    for (const line of lines)
      expect(line).toMatch(/^\d{4}-\S+Z waiting=(\d+|\?) .* cap=(2000\/s|\?) reason=(configured|\?) /);
  });

  it('prints an object a line with --json', async () => {
    const watching = await inPipe(instance.folder, ['status', '--watch', '--json']);
    const looks = () =>
      watching
        .output()
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    const told = (look: { drained: { perSecond: unknown } | null; processes: unknown[] | null }) =>
      typeof look.drained?.perSecond === 'number' && look.processes?.length === 3;
    await until(() => looks().length >= 2 && looks().some(told), {
      deadlineMs: 20_000,
      what: 'a look at which every server answered in time',
    });
    expect(await watching.interrupt()).toBe(0);
    for (const look of looks()) expect(look).toHaveProperty('drained');
  });

  it('draws on a terminal, in colours, and leaves it as it was, with the last table to be read', async () => {
    const watching = await onTerminal(instance.folder, ['status', '--watch']);
    await watching.prints(/waiting[^\n]*▁▁/);
    expect(await watching.interrupt()).toBe(0);
    const output = watching.output();
    expect(output.startsWith(screenOpened)).toBe(true);
    const [drawn, left] = output.split(screenClosed);
    expect(drawn).toContain('\x1b[2mcap');
    expect(left).toMatch(/cap[^\n]*2,000 orders\/s/);
  });

  it('has no colours with NO_COLOR', async () => {
    const watching = await onTerminal(instance.folder, ['status', '--watch'], { NO_COLOR: '1' });
    await watching.prints(/waiting[^\n]*▁▁/);
    await watching.interrupt();
    for (const colour of ['\x1b[2m', '\x1b[1m', '\x1b[0m']) expect(watching.output()).not.toContain(colour);
  });
});
