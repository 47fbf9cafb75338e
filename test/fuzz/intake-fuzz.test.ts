import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRandom } from '../../loadtest/random.ts';
import { type Cluster, createCluster } from '../e2e/support/cluster.ts';
import type { RoleProcess } from '../e2e/support/role-process.ts';
import { get, post } from '../support/http.ts';
import { newOrder } from '../support/rig.ts';
import { until } from '../support/wait.ts';
import { hostileRequest } from './hostile-requests.ts';

/** `FUZZ_REQUESTS`, `FUZZ_SEED` and `FUZZ_CASE` (only this one) choose another run, and replay one. */
const requests = Number(process.env.FUZZ_REQUESTS ?? 4_000);
const seed = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31));
const only = process.env.FUZZ_CASE === undefined ? undefined : Number(process.env.FUZZ_CASE);

const target = { saleId: 'fuzz', sku: 'real' };
const stock = 100_000;
const concurrency = 64;
/** What a gateway's memory may grow by after the first fifth: garbage that is not collected yet. */
const maxGrowthBytes = 96 * 1024 * 1024;

let cluster: Cluster;
let gateway: RoleProcess;

beforeAll(async () => {
  cluster = await createCluster({ LOG_LEVEL: 'info' });
  [gateway] = await Promise.all([cluster.start('gateway'), cluster.start('ops')]);
  await cluster.sell(target.saleId, [{ sku: target.sku, stock }]);
});
afterAll(() => cluster.close());

/** Sends bytes and half-closes; resolves with all that comes back. A server may well hang up on such a client. */
async function talk(bytes: Buffer, caseNumber: number): Promise<string> {
  const { hostname, port } = new URL(cluster.gatewayUrl);
  // Ports of one address would run out.
  const localAddress = `127.0.0.${1 + (caseNumber % 200)}`;
  const socket = connect({ host: hostname, port: Number(port), localAddress });
  let said = '';
  socket.setEncoding('latin1');
  socket.on('data', (data) => {
    said += data;
  });
  let failure: NodeJS.ErrnoException | undefined;
  socket.on('error', (error) => {
    failure = error;
  });
  socket.end(bytes);
  await once(socket, 'close');
  if (failure?.code === 'ECONNREFUSED') throw failure;
  return said;
}

function complaintOf(said: string): string | undefined {
  const answers = [...said.matchAll(/HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n([\s\S]*?)\r\n\r\n/g)];
  for (const [, status, headers] of answers) {
    if (status === '503' ? !/retry-after: \d/i.test(headers!) : status!.startsWith('5')) {
      return `answered ${status}`;
    }
    if (status === '202' || status === '201') return `taken as an order (${status})`;
  }
  if (/node_modules|\bat .+:\d+:\d+/.test(said)) return 'shows a stack trace';
  return undefined;
}

const residentBytes = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))![1]) * 1024;

it(`${requests} hostile requests harm nobody (seed ${seed})`, async () => {
  const statuses = new Map<string, number>();
  const complaints: string[] = [];
  const first = only ?? 0;
  const end = only === undefined ? requests : only + 1;
  const memory: number[] = [];
  let next = first;

  async function attack(): Promise<void> {
    while (next < end && complaints.length < 10) {
      const caseNumber = next++;
      const bytes = hostileRequest(createRandom(seed, caseNumber), target);
      const said = await talk(bytes, caseNumber);
      const status = /^HTTP\/1\.1 (\d{3})/.exec(said)?.[1] ?? 'hung up';
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const complaint = complaintOf(said);
      if (complaint !== undefined) {
        complaints.push(
          `FUZZ_SEED=${seed} FUZZ_CASE=${caseNumber}: ${complaint}\n${bytes.toString('latin1')}\n${said}`,
        );
      }
      if ((caseNumber + 1) % Math.ceil(requests / 20) === 0) {
        memory.push(residentBytes());
        // Whatever goes on, others are answered.
        expect((await get(`${cluster.gatewayUrl}/sales/${target.saleId}`)).status).toBe(200);
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, attack));
  const said = [...statuses].sort().map(([status, count]) => `${status}: ${count}`);
  const megabytes = memory.map((bytes) => Math.round(bytes / 1024 / 1024));
  console.log(`fuzz seed ${seed}: ${said.join(', ')}; resident MB: ${megabytes.join(' ')}`);
  expect(complaints).toEqual([]);

  const ended = await Promise.race([gateway.exited, undefined]);
  expect(ended).toBeUndefined();
  expect((await get(`${cluster.gatewayUrl}/readyz`)).body).toEqual({ status: 'ready', reasons: [] });
  const settled = memory.slice(Math.floor(memory.length / 5));
  if (settled.length > 1) expect(settled.at(-1)! - settled[0]!).toBeLessThan(maxGrowthBytes);

  // Nothing was claimed: the stock is whole, and the first honest order is the first of the sale.
  await until(
    async () => {
      const { body } = await get(`${cluster.gatewayUrl}/sales/${target.saleId}`);
      return body.items[0].stockLeft === stock;
    },
    { deadlineMs: 2_000, what: 'the stock to be whole' },
  );
  const honest = await post(cluster.gatewayUrl, target.saleId, newOrder({ sku: target.sku }));
  expect(honest).toMatchObject({ status: 202, body: { position: 1 } });
}, 600_000);

it('the same seed gives the same requests, another one others', () => {
  const bytesOf = (from: number) =>
    Buffer.concat(Array.from({ length: 200 }, (_, i) => hostileRequest(createRandom(from, i), target)));
  expect(bytesOf(1).equals(bytesOf(1))).toBe(true);
  expect(bytesOf(1).equals(bytesOf(2))).toBe(false);
});
