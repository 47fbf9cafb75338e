import type { Fault, ServerName } from '../fault.ts';

/** How people call the servers. */
export const serverTitles: Readonly<Record<ServerName, string>> = {
  postgres: 'PostgreSQL',
  rabbitmq: 'RabbitMQ',
  redis: 'Redis',
};
/** A killed server stays away for up to so long before it is started again. */
const awayMs = 8_000;
const freezeMs = 30_000;

/** SIGKILL to a server, and a start with the same data after a while. */
export function killServer(name: ServerName): Fault {
  return {
    name: `kill-${name}`,
    summary: `kill -9 ${serverTitles[name]}, start it again after a while`,
    strikes: 30,
    bound: 'neighbour',
    needsPrivateServices: true,
    async strike(context, random) {
      const server = context.services![name];
      const pid = server.pid();
      await server.kill();
      const lastsMs = context.shortened(random.below(awayMs));
      return {
        did: `${serverTitles[name]} (pid ${pid}) killed for ${(lastsMs / 1_000).toFixed(1)} s`,
        lastsMs,
        heal: () => server.start(),
      };
    },
  };
}

/** SIGSTOP to a server: connections stay open, and nothing is answered. */
export function freezeServer(name: ServerName): Fault {
  return {
    name: `freeze-${name}`,
    summary: `SIGSTOP ${serverTitles[name]} for 30 s`,
    strikes: 30,
    bound: 'neighbour',
    needsPrivateServices: true,
    async strike(context) {
      const server = context.services![name];
      server.signal('SIGSTOP');
      return {
        did: `${serverTitles[name]} (pid ${server.pid()}) frozen`,
        lastsMs: context.shortened(freezeMs),
        heal: async () => server.signal('SIGCONT'),
      };
    },
  };
}
