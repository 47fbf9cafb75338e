import type { Random } from '../../random.ts';
import type { Fault, FaultContext, RoleControl } from '../fault.ts';
import type { ProxiedRoles, ProxiedServer, RoleProxies } from './proxied-role.ts';

const servers: readonly ProxiedServer[] = ['redis', 'rabbitmq', 'postgres'];
const titles: Readonly<Record<ProxiedServer, string>> = {
  redis: 'Redis',
  rabbitmq: 'RabbitMQ',
  postgres: 'PostgreSQL',
};

/** What a bad network does between one process of ours and one of its servers. */
export function networkFaults(proxied: ProxiedRoles): Fault[] {
  /** Strikes between a gateway or a drainer and a server that it talks to all the time. */
  async function between(context: FaultContext, random: Random) {
    const role = random.pick([...context.gateways, ...context.drainers]);
    const choice = role.role === 'gateway' ? servers.filter((name) => name !== 'postgres') : servers;
    const server = random.pick(choice);
    const proxies = await proxied.proxiesOf(context, role);
    await context.sleep(random.below(300));
    return { proxies, proxy: proxies[server], line: `${role.label} and ${titles[server]}` };
  }
  const mended = (proxies: RoleProxies) => async () => {
    for (const proxy of Object.values(proxies)) proxy.mend();
    return undefined;
  };

  return [
    {
      name: 'network-delay',
      summary: 'each packet between a process and a server takes up to 300 ms longer, for 15 s',
      strikes: 30,
      bound: 'neighbour',
      async strike(context, random) {
        const { proxies, proxy, line } = await between(context, random);
        const [out, back] = [random.below(300), random.below(300)];
        proxy.delay(out, back);
        return {
          did: `${out} ms out and ${back} ms back between ${line}`,
          lastsMs: context.shortened(15_000),
          heal: mended(proxies),
        };
      },
    },
    {
      name: 'network-reset',
      summary: 'all connections between a process and a server are reset',
      strikes: 30,
      bound: 'neighbour',
      async strike(context, random) {
        const { proxies, proxy, line } = await between(context, random);
        const connections = proxy.connections();
        proxy.reset();
        return { did: `${connections} connections between ${line} reset`, heal: mended(proxies) };
      },
    },
    {
      name: 'network-refuse',
      summary: 'a process cannot connect to a server any more, for 10 s',
      strikes: 30,
      bound: 'neighbour',
      async strike(context, random) {
        const { proxies, proxy, line } = await between(context, random);
        proxy.cut();
        return {
          did: `no connection between ${line}`,
          lastsMs: context.shortened(10_000),
          heal: mended(proxies),
        };
      },
    },
    {
      name: 'network-black-hole',
      summary: 'nothing gets through between a process and a server, and nobody is told, for 20 s',
      strikes: 30,
      bound: 'neighbour',
      async strike(context, random) {
        const { proxies, proxy, line } = await between(context, random);
        proxy.blackHole();
        return {
          did: `nothing gets through between ${line}`,
          lastsMs: context.shortened(20_000),
          heal: mended(proxies),
        };
      },
    },
    {
      name: 'network-cut-reply',
      summary: 'an answer of a server breaks off after some bytes, with its connection',
      strikes: 30,
      bound: 'neighbour',
      async strike(context, random) {
        const { proxies, proxy, line } = await between(context, random);
        const afterBytes = random.below(64);
        const cut = proxy.cutReply({ afterBytes });
        await context.until(`an answer between ${line} to be cut`, cut.done, 30_000);
        return {
          did: `an answer between ${line} cut after ${afterBytes} bytes`,
          heal: mended(proxies),
        };
      },
    },
  ];
}

/** One answer that says "done" does not arrive: the work was done, and its caller does not know. */
export function lostReply(
  proxied: ProxiedRoles,
  what: {
    readonly name: string;
    readonly summary: string;
    readonly strikes: number;
    readonly roles: (context: FaultContext) => readonly RoleControl[];
    readonly server: ProxiedServer;
    /** What the request holds that starts the work; absent: what the answer holds says enough. */
    readonly request?: string;
    readonly reply?: string | Buffer;
  },
): Fault {
  const { name, summary, strikes, roles, server, request, reply } = what;
  return {
    name,
    summary,
    strikes,
    bound: 'neighbour',
    async strike(context, random) {
      const role = random.pick(roles(context));
      const proxies = await proxied.proxiesOf(context, role);
      await context.sleep(random.below(300));
      const cut = proxies[server].cutReply({
        ...(request === undefined ? {} : { request }),
        ...(reply === undefined ? {} : { reply }),
      });
      await context.until(`an answer of ${titles[server]} to ${role.label} to be lost`, cut.done, 30_000);
      return {
        did: `the answer of ${titles[server]} to ${role.label} lost, its work done`,
        async heal() {
          for (const proxy of Object.values(proxies)) proxy.mend();
          return undefined;
        },
      };
    },
  };
}
