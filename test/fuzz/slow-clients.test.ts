import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build as histogram } from 'hdr-histogram-js';
import { Pool } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Cluster, createCluster } from '../e2e/support/cluster.ts';
import { newOrder } from '../support/rig.ts';
import { until } from '../support/wait.ts';

/** `SLOW_CONNECTIONS` chooses another number; the file limit of the shell must allow it twice. */
const connections = Number(process.env.SLOW_CONNECTIONS ?? 500);
const shoppers = 4;

let cluster: Cluster;
let pool: Pool;
beforeAll(async () => {
  cluster = await createCluster({ LOG_LEVEL: 'info' });
  await Promise.all([cluster.start('gateway'), cluster.start('ops')]);
  await cluster.sell('slow', [{ sku: 'sku', stock: 10_000_000 }]);
  pool = new Pool(cluster.gatewayUrl, { connections: shoppers });
});
afterAll(async () => {
  await pool.close();
  await cluster.close();
});

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
  const { hostname, port } = new URL(cluster.gatewayUrl);
  await shop((sent) => sent < 1_000);
  const without = await shop((sent) => sent < 3_000);

  const script = fileURLToPath(new URL('slow-connections.mjs', import.meta.url));
  const slow = spawn(process.execPath, [script, hostname, port, String(connections)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let said = '';
    slow.stdout.setEncoding('utf8').on('data', (data) => {
      said += data;
    });
    await until(() => said.includes('open'), { deadlineMs: 30_000, what: 'the slow connections to be open' });
    const startedAt = Date.now();
    // Ten seconds for a request is the most; twice that, and nothing was cut off.
    const during = await shop(() => !said.includes('closed') && Date.now() - startedAt < 30_000);
    console.log(
      `${connections} slow connections: without ${without.text}; with ${during.text}; all cut off ` +
        `${((Date.now() - startedAt) / 1_000).toFixed(1)} s after the last had connected`,
    );
    expect(said).toContain('closed');
    expect(Number(/closed (\d+)/.exec(said)![1])).toBe(connections);
    expect(during.statuses).toEqual(new Map([[202, expect.any(Number)]]));
  } finally {
    slow.kill('SIGKILL');
  }
}, 120_000);
