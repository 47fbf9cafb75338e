import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build as histogram } from 'hdr-histogram-js';
import { Pool } from 'undici';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Cluster, createCluster } from '../e2e/support/cluster.ts';
import { newOrder } from '../support/rig.ts';
import { until } from '../support/wait.ts';

/** `SLOW_CONNECTIONS` chooses another number; the file limit of the shell must allow it twice. */
const connections = Number(process.env.SLOW_CONNECTIONS ?? 500);
const shoppers = 4;

let cluster: Cluster;
let pool: Pool;
const children: ChildProcess[] = [];
beforeAll(async () => {
  cluster = await createCluster({ LOG_LEVEL: 'info' });
  await Promise.all([cluster.start('gateway'), cluster.start('ops')]);
  await cluster.sell('slow', [{ sku: 'sku', stock: 10_000_000 }]);
  pool = new Pool(cluster.gatewayUrl, { connections: shoppers });
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  await pool.close();
  await cluster.close();
});

/** Starts a script of this folder; resolves with what it says so far. */
function script(name: string, ...args: string[]): { said: () => string; end: () => void } {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (data) => {
    said += data;
  });
  return { said: () => said, end: () => void child.kill('SIGKILL') };
}

async function openSlowConnections(port: string) {
  const slow = script('slow-connections.mjs', '127.0.0.1', port, String(connections));
  await until(() => slow.said().includes('open'), {
    deadlineMs: 30_000,
    what: 'the slow connections to be open',
  });
  return slow;
}

/** Honest orders, one after another by a few shoppers, for as long as `goesOn`. */
async function shop(goesOn: (answered: number) => boolean) {
  const microseconds = histogram();
  const statuses = new Map<number, number>();
  let sent = 0;
  await Promise.all(
    Array.from({ length: shoppers }, async () => {
      while (goesOn(sent)) {
        sent += 1;
        const startedAt = performance.now();
        const { statusCode, body } = await pool.request({
          method: 'POST',
          path: '/sales/slow/orders',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(newOrder({ sku: 'sku' })),
        });
        await body.dump();
        microseconds.recordValue(Math.max(1, Math.round((performance.now() - startedAt) * 1_000)));
        statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
      }
    }),
  );
  const ms = (percentile: number) => (microseconds.getValueAtPercentile(percentile) / 1_000).toFixed(1);
  return { statuses, text: `${sent} orders, p50 ${ms(50)} ms, p99 ${ms(99)} ms, worst ${ms(100)} ms` };
}

it(`${connections} slow connections are cut off, and honest orders are taken meanwhile`, async () => {
  const { port } = new URL(cluster.gatewayUrl);
  await shop((sent) => sent < 1_000);
  const without = await shop((sent) => sent < 3_000);

  // The attack itself takes its part of the machine; the same one elsewhere tells how much.
  const idle = script('idle-server.mjs');
  const listening = await until(() => /listening (\d+)/.exec(idle.said()), {
    deadlineMs: 20_000,
    what: 'the other server to listen',
  });
  const elsewhere = await openSlowConnections(listening[1]!);
  const beside = await shop((sent) => sent < 3_000 && !elsewhere.said().includes('closed'));
  elsewhere.end();
  idle.end();

  const slow = await openSlowConnections(port);
  const startedAt = Date.now();
  // Ten seconds for a request is the most; twice that, and nothing was cut off.
  const during = await shop(() => !slow.said().includes('closed') && Date.now() - startedAt < 30_000);
  console.log(
    `${connections} slow connections: without ${without.text}; at another process ${beside.text}; ` +
      `here ${during.text}; all cut off ${((Date.now() - startedAt) / 1_000).toFixed(1)} s after the last had connected`,
  );
  expect(slow.said()).toContain('closed');
  expect(Number(/closed (\d+)/.exec(slow.said())![1])).toBe(connections);
  expect(during.statuses).toEqual(new Map([[202, expect.any(Number)]]));
}, 120_000);
