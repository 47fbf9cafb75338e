import type { SaleClaims } from '../order/ports/claims.ts';
import { saleIdsIn } from './catalog.ts';
import type { Connection } from './connection.ts';
import { clusterKeys, saleKeys } from './keys.ts';

/** What the processes of a cluster tell each other through Redis. */
export function createClusterView(
  connection: Connection,
): Pick<
  SaleClaims,
  'cluster' | 'announceCap' | 'announceGateway' | 'gateways' | 'announceProcess' | 'processes' | 'nowMs'
> {
  async function nowMs(): Promise<number> {
    const [seconds, microseconds] = await connection.send((redis) => redis.time());
    return Number(seconds) * 1_000 + Math.trunc(Number(microseconds) / 1_000);
  }

  /** What was announced under a key and is not to be forgotten yet. */
  async function spoken(key: string): Promise<Map<string, { said: string; forgottenInMs: number }>> {
    const [all, now] = await Promise.all([connection.send((redis) => redis.hgetall(key)), nowMs()]);
    const lately = new Map<string, { said: string; forgottenInMs: number }>();
    for (const [id, text] of Object.entries(all)) {
      const end = text.lastIndexOf(' ');
      const forgottenInMs = Number(text.slice(end + 1)) - now;
      if (forgottenInMs > 0) lately.set(id, { said: text.slice(0, end), forgottenInMs });
    }
    return lately;
  }

  return {
    nowMs,

    async cluster() {
      const [fields, version, cap] = await connection.send((redis) =>
        Promise.all([
          redis.hkeys(clusterKeys.catalog),
          redis.hget(clusterKeys.catalog, '#version'),
          redis.get(clusterKeys.cap),
        ]),
      );
      if (version === null) return undefined;
      const waitingBySale = new Map<string, number>();
      let waiting = 0;
      await connection.send((redis) =>
        Promise.all(
          saleIdsIn(fields).map(async (saleId) => {
            const counters = await redis.hmget(saleKeys(saleId).sale, 'sequence', 'settled');
            const [sequence, settled] = counters.map(Number) as [number, number];
            const orders = sequence - settled;
            waitingBySale.set(saleId, orders);
            waiting += orders;
          }),
        ),
      );
      return {
        catalogVersion: Number(version),
        waiting,
        waitingBySale,
        capOrdersPerSecond: cap === null ? undefined : Number(cap),
      };
    },

    async announceCap(ordersPerSecond) {
      await connection.send((redis) => redis.set(clusterKeys.cap, ordersPerSecond));
    },

    async announceGateway(gatewayId, catalogVersion, ttlMs) {
      await connection.run('announce', [clusterKeys.gateways], [gatewayId, catalogVersion, ttlMs]);
    },

    async gateways() {
      const lately = new Map<string, number>();
      for (const [id, { said }] of await spoken(clusterKeys.gateways)) lately.set(id, Number(said));
      return lately;
    },

    async announceProcess(processId, report, ttlMs) {
      await connection.run('announce', [clusterKeys.processes], [processId, report, ttlMs]);
    },

    async processes() {
      const lately = new Map<string, { report: string; forgottenInMs: number }>();
      for (const [id, { said, forgottenInMs }] of await spoken(clusterKeys.processes)) {
        lately.set(id, { report: said, forgottenInMs });
      }
      return lately;
    },
  };
}
