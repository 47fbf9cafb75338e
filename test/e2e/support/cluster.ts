import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, inject } from 'vitest';
import { freePort } from '../../../src/services/free-port.ts';
import { builtCommand } from '../../support/build.ts';
import { createStack, type Stack } from '../../support/stack.ts';
import { type Ended, type Environment, environmentWith, sluice } from './command.ts';

export type RoleName = 'gateway' | 'drainer' | 'ops' | 'follower loyalty' | 'follower ranking';

/** A role as a process of its own. */
export interface RoleProcess {
  readonly pid: number;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
  stop(): Promise<void>;
}

/** A piece of goods for sale in a test. */
export interface Item {
  readonly sku: string;
  readonly stock: number;
  readonly customerLimit?: number;
}

/** The roles as processes of their own, as in a cluster, on servers that nobody else uses. */
export interface Cluster {
  readonly stack: Stack;
  readonly gatewayUrl: string;
  /** Starts a role and resolves when it says that it is ready. Again after it ended: on the same port. */
  start(role: RoleName, env?: Environment): Promise<RoleProcess>;
  sluice(...args: string[]): Promise<Ended>;
  /** Applies a sale that is open. */
  sell(saleId: string, items: readonly Item[]): Promise<void>;
  close(): Promise<void>;
}

/** @param env settings of every role, over the defaults. */
export async function createCluster(env: Environment = {}): Promise<Cluster> {
  const [command, stack, port] = await Promise.all([builtCommand(), createStack(), freePort()]);
  const folder = mkdtempSync(join(inject('servicesDir'), 'cluster-'));
  const running = new Set<ChildProcess>();

  const run = (...args: string[]) => sluice(args, { cwd: folder, env: stack.settings });

  async function start(role: RoleName, more: Environment = {}): Promise<RoleProcess> {
    const child = spawn(process.execPath, [command, ...role.split(' ')], {
      cwd: folder,
      env: environmentWith({ ...stack.settings, PORT: String(port), OPS_PORT: '0', ...env, ...more }),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    running.add(child);
    const exited = new Promise<number | NodeJS.Signals | null>((resolve) =>
      child.once('exit', (code, signal) => {
        running.delete(child);
        resolve(code ?? signal);
      }),
    );
    const lines: string[] = [];
    await new Promise<void>((resolve, reject) => {
      createInterface(child.stderr).on('line', (line) => {
        lines.push(line);
        if (line.includes('"msg":"ready"')) resolve();
      });
      void exited.then((how) => reject(new Error(`${role} ended (${how}):\n${lines.join('\n')}`)));
    });
    return {
      pid: child.pid as number,
      exited,
      async stop() {
        child.kill('SIGTERM');
        await exited;
      },
    };
  }

  const migrated = await run('migrate');
  expect(migrated, migrated.stderr).toMatchObject({ code: 0 });

  return {
    stack,
    gatewayUrl: `http://127.0.0.1:${port}`,
    start,
    sluice: run,

    async sell(saleId, items) {
      const file = join(folder, `${saleId}.json`);
      writeFileSync(
        file,
        JSON.stringify({
          saleId,
          opensAt: new Date(Date.now() - 60_000).toISOString(),
          closesAt: new Date(Date.now() + 3_600_000).toISOString(),
          items: items.map((item) => ({ name: item.sku, priceMinor: 999, ...item })),
        }),
      );
      const applied = await run('sale', 'apply', file);
      expect(applied, applied.stderr).toMatchObject({ code: 0 });
    },

    async close() {
      await Promise.all(
        [...running].map(async (child) => {
          const ended = new Promise((resolve) => child.once('exit', resolve));
          child.kill('SIGKILL');
          await ended;
        }),
      );
      await stack.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
