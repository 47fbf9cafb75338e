import { loadScripts } from '../../../src/claim/scripts.ts';
import type { Fault, FaultContext, RoleControl, ServerName } from '../fault.ts';
import { mendAll, type ProxiedRoles } from './proxied-role.ts';
import { serverTitles } from './servers.ts';

/** A frame of class `basic` (60), method `ack` (80): the broker's confirm. */
const confirmFrame = Buffer.from([0, 60, 0, 80]);

/** The answers without which a process cannot know that its work was done. */
export function lostReplies(proxied: ProxiedRoles): Fault[] {
  const scripts = loadScripts();
  return [
    lostReply(proxied, {
      name: 'lost-claim-reply',
      summary: 'stock is claimed in Redis, and the gateway never hears of it',
      strikes: 50,
      roles: ({ gateways }) => gateways,
      server: 'redis',
      request: scripts.claim.sha1,
    }),
    lostReply(proxied, {
      name: 'lost-settle-reply',
      summary: 'claims are settled in Redis, and the drainer never hears of it',
      strikes: 50,
      roles: ({ drainers }) => drainers,
      server: 'redis',
      request: scripts.settle.sha1,
    }),
    lostReply(proxied, {
      name: 'lost-confirm',
      summary: 'RabbitMQ has written an envelope, and its confirm never arrives',
      strikes: 100,
      roles: ({ gateways }) => gateways,
      server: 'rabbitmq',
      reply: confirmFrame,
    }),
    lostReply(proxied, {
      name: 'lost-commit-reply',
      summary: 'PostgreSQL has committed a batch, and the drainer never hears of it',
      strikes: 100,
      roles: ({ drainers }) => drainers,
      server: 'postgres',
      // The function's verdict; the server sends it once the transaction is committed.
      reply: 'written',
    }),
  ];
}

/** One answer that says "done" does not arrive: the work was done, and its caller does not know. */
function lostReply(
  proxied: ProxiedRoles,
  what: {
    readonly name: string;
    readonly summary: string;
    readonly strikes: number;
    readonly roles: (context: FaultContext) => readonly RoleControl[];
    readonly server: ServerName;
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
      const title = serverTitles[server];
      await context.until(`an answer of ${title} to ${role.label} to be lost`, cut.done, 30_000);
      return {
        did: `the answer of ${title} to ${role.label} lost, its work done`,
        heal: async () => mendAll(proxies),
      };
    },
  };
}
