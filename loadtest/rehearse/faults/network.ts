import type { Random } from '../../random.ts';
import type { Fault, FaultContext, ServerName, Strike } from '../fault.ts';
import type { TcpProxy } from '../proxy/proxy.ts';
import { mendAll, type ProxiedRoles } from './proxied-role.ts';
import { serverTitles } from './servers.ts';

/** The network between one process of ours and one of its servers. */
interface Link {
  readonly proxy: TcpProxy;
  /** How people call it: `gateway 1 and Redis`. */
  readonly line: string;
  readonly context: FaultContext;
  readonly random: Random;
}

const servers: readonly ServerName[] = ['redis', 'rabbitmq', 'postgres'];

/** What a bad network does between one process of ours and one of its servers. */
export function networkFaults(proxied: ProxiedRoles): Fault[] {
  /** Strikes between a gateway or a drainer and a server that it talks to all the time, and mends all in the end. */
  const between = (
    name: string,
    summary: string,
    disturb: (link: Link) => Promise<Omit<Strike, 'heal'>>,
  ): Fault => ({
    name,
    summary,
    strikes: 30,
    bound: 'neighbour',
    async strike(context, random) {
      const role = random.pick([...context.gateways, ...context.drainers]);
      const choice = role.role === 'gateway' ? servers.filter((server) => server !== 'postgres') : servers;
      const server = random.pick(choice);
      const proxies = await proxied.proxiesOf(context, role);
      await context.sleep(random.below(300));
      const line = `${role.label} and ${serverTitles[server]}`;
      const struck = await disturb({ proxy: proxies[server], line, context, random });
      return { ...struck, heal: async () => mendAll(proxies) };
    },
  });

  return [
    between(
      'network-delay',
      'each packet between a process and a server takes up to 300 ms longer, for 15 s',
      async ({ proxy, line, context, random }) => {
        const [out, back] = [random.below(300), random.below(300)];
        proxy.delay(out, back);
        const did = `${out} ms out and ${back} ms back between ${line}`;
        return { did, lastsMs: context.shortened(15_000) };
      },
    ),
    between(
      'network-reset',
      'all connections between a process and a server are reset',
      async ({ proxy, line }) => {
        const connections = proxy.connections();
        proxy.reset();
        return { did: `${connections} connections between ${line} reset` };
      },
    ),
    between(
      'network-refuse',
      'a process cannot connect to a server any more, for 10 s',
      async ({ proxy, line, context }) => {
        proxy.cut();
        return { did: `no connection between ${line}`, lastsMs: context.shortened(10_000) };
      },
    ),
    between(
      'network-black-hole',
      'nothing gets through between a process and a server, and nobody is told, for 20 s',
      async ({ proxy, line, context }) => {
        proxy.blackHole();
        return { did: `nothing gets through between ${line}`, lastsMs: context.shortened(20_000) };
      },
    ),
    between(
      'network-cut-reply',
      'an answer of a server breaks off after some bytes, with its connection',
      async ({ proxy, line, context, random }) => {
        const afterBytes = random.below(64);
        const cut = proxy.cutReply({ afterBytes });
        await context.until(`an answer between ${line} to be cut`, cut.done, 30_000);
        return { did: `an answer between ${line} cut after ${afterBytes} bytes` };
      },
    ),
  ];
}
