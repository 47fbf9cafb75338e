import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject } from 'vitest';
import { freePort } from '../../../src/platform/free-port.ts';
import { createStack, type Stack } from '../../support/stack.ts';
import { type Ended, type Environment, sluice } from './command.ts';
import { type RoleProcess, startRoleProcess } from './role-process.ts';

export type RoleName = 'gateway' | 'drainer' | 'ops' | 'follower loyalty' | 'follower ranking';

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
  const [stack, port] = await Promise.all([createStack(), freePort()]);
  const folder = mkdtempSync(join(inject('servicesDir'), 'cluster-'));
  const running = new Set<RoleProcess>();

  const run = (...args: string[]) => sluice(args, { cwd: folder, env: stack.settings });

  async function start(role: RoleName, more: Environment = {}): Promise<RoleProcess> {
    const one = await startRoleProcess(role.split(' '), {
      cwd: folder,
      env: { ...stack.settings, PORT: String(port), OPS_PORT: '0', ...env, ...more },
    });
    running.add(one);
    void one.exited.then(() => running.delete(one));
    return one;
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
      await Promise.all([...running].map((one) => one.kill()));
      await stack.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
