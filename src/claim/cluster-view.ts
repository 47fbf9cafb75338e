import type { SaleClaims } from '../order/ports/claims.ts';
import { saleIdsIn } from './catalog.ts';
import type { Connection } from './connection.ts';
import { clusterKeys, saleKeys } from './keys.ts';

/** What the processes of a cluster tell each other through Redis. */
export function createClusterView(
  connection: Connection,
): Pick<SaleClaims, 'cluster' | 'announceCap' | 'announceGateway' | 'gateways' | 'nowMs'> {
  async function nowMs(): Promise<number> {
    const [seconds, microseconds] = await connection.send((redis) => redis.time());
    return Number(seconds) * 1_000 + Math.trunc(Number(microseconds) / 1_000);
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
            const orders = await redis.zcard(saleKeys(saleId).pending);
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
      await connection.run('announce-gateway', [clusterKeys.gateways], [gatewayId, catalogVersion, ttlMs]);
    },

    async gateways() {
      const [all, now] = await Promise.all([
        connection.send((redis) => redis.hgetall(clusterKeys.gateways)),
        nowMs(),
      ]);
      const lately = new Map<string, number>();
      for (const [gatewayId, said] of Object.entries(all)) {
        const [version, forgottenAtMs] = said.split(' ').map(Number);
        if (forgottenAtMs! > now) lately.set(gatewayId, version!);
      }
      return lately;
    },
  };
}
