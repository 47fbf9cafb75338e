import type { Fault, ServerName } from '../fault.ts';

const titles: Readonly<Record<ServerName, string>> = {
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
    summary: `kill -9 ${titles[name]}, start it again after a while`,
    strikes: 30,
    bound: 'neighbour',
    needsPrivateServices: true,
    async strike(context, random) {
      const server = context.services![name];
      const pid = server.pid();
      await server.kill();
      const lastsMs = context.shortened(random.below(awayMs));
      return {
        did: `${titles[name]} (pid ${pid}) killed for ${(lastsMs / 1_000).toFixed(1)} s`,
        lastsMs,
        async heal() {
          await server.start();
          return undefined;
        },
      };
    },
  };
}

/** SIGSTOP to a server: connections stay open, and nothing is answered. */
export function freezeServer(name: ServerName): Fault {
  return {
    name: `freeze-${name}`,
    summary: `SIGSTOP ${titles[name]} for 30 s`,
    strikes: 30,
    bound: 'neighbour',
    needsPrivateServices: true,
    async strike(context) {
      const server = context.services![name];
      server.signal('SIGSTOP');
      return {
        did: `${titles[name]} (pid ${server.pid()}) frozen`,
        lastsMs: context.shortened(freezeMs),
        async heal() {
          server.signal('SIGCONT');
          return undefined;
        },
      };
    },
  };
}
