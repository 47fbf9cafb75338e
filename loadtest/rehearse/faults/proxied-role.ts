import type { FaultContext, RoleControl, ServerName } from '../fault.ts';
import { createProxy, type TcpProxy } from '../proxy/proxy.ts';

/** One proxy for each server, of one role alone. */
export type RoleProxies = Readonly<Record<ServerName, TcpProxy>>;

/** Puts roles behind proxies, and remembers which are. */
export interface ProxiedRoles {
  /**
   * The proxies between this role and its servers, all of them letting everything through. A role that is not behind
   * proxies in this life is restarted with them; resolves when it is connected.
   */
  proxiesOf(context: FaultContext, role: RoleControl): Promise<RoleProxies>;
}

/** Lets everything through again. */
export function mendAll(proxies: RoleProxies): void {
  for (const proxy of Object.values(proxies)) proxy.mend();
}

const connectDeadlineMs = 30_000;

export function createProxiedRoles(): ProxiedRoles {
  const known = new Map<string, { readonly proxies: RoleProxies; pid: number | undefined }>();
  return {
    async proxiesOf({ urls, until }, role) {
      let entry = known.get(role.label);
      if (!entry) {
        const [postgres, rabbitmq, redis] = await Promise.all([
          createProxy(urls.databaseUrl),
          createProxy(urls.amqpUrl),
          createProxy(urls.redisUrl),
        ]);
        entry = { proxies: { postgres, rabbitmq, redis }, pid: undefined };
        known.set(role.label, entry);
      }
      const { proxies } = entry;
      mendAll(proxies);
      if (entry.pid === undefined || entry.pid !== role.pid()) {
        await role.restart({
          DATABASE_URL: proxies.postgres.url,
          AMQP_URL: proxies.rabbitmq.url,
          REDIS_URL: proxies.redis.url,
        });
        entry.pid = role.pid();
      }
      await until(
        `${role.label} to be connected through its proxies`,
        () => proxies.redis.connections() > 0 && proxies.rabbitmq.connections() > 0,
        connectDeadlineMs,
      );
      return proxies;
    },
  };
}
