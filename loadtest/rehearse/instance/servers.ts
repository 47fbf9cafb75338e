import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createBinaryFinder } from '../../../src/services/find-binary.ts';
import { TRACES } from '../../../src/services/leftovers.ts';
import { processesIn, sendSignal } from '../../../src/services/processes.ts';
import { rememberedPorts } from '../../../src/services/remembered-ports.ts';
import { createServices, type ServiceUrls } from '../../../src/services/services.ts';
import type { ServerControl, ServerName, ServerUrls } from '../fault.ts';
import { until } from '../until.ts';

/** PostgreSQL, RabbitMQ and Redis of a rehearsal. */
export interface PrivateServers {
  readonly urls: ServerUrls;
  readonly controls: Readonly<Record<ServerName, ServerControl>>;
  /** Ends them at once: nobody will read their data again. Idempotent. */
  readonly stop: () => Promise<void>;
}

interface StartedServer {
  readonly urls: ServiceUrls;
  readonly control: ServerControl;
  readonly stop: () => Promise<void>;
}

/**
 * Starts the three servers that every private instance has, each with a data folder of its own below `folder` and
 * without supervision: what a fault ends stays down until the fault starts it again.
 *
 * @throws ServiceError, with nothing left running
 */
export async function startPrivateServers(
  folder: string,
  log: (line: string) => void,
): Promise<PrivateServers> {
  const find = createBinaryFinder();
  const installed = (['postgres', 'rabbitmq-server', 'redis-server'] as const).every(
    (binary) => find(binary).length > 0,
  );
  const start = (name: ServerName) => startServer(name, join(folder, name), log);
  const starting: Promise<StartedServer>[] = [];
  try {
    for (const name of ['rabbitmq', 'postgres', 'redis'] as const) {
      const server = start(name);
      starting.push(server);
      // Packages are installed one at a time.
      if (!installed) await server;
    }
    const [rabbitmq, postgres, redis] = (await Promise.all(starting)) as [
      StartedServer,
      StartedServer,
      StartedServer,
    ];
    return {
      urls: {
        databaseUrl: postgres.urls.databaseUrl,
        amqpUrl: rabbitmq.urls.amqpUrl,
        amqpManagementUrl: rabbitmq.urls.amqpManagementUrl,
        amqpMetricsUrl: rabbitmq.urls.amqpMetricsUrl,
        redisUrl: redis.urls.redisUrl,
      },
      controls: { postgres: postgres.control, rabbitmq: rabbitmq.control, redis: redis.control },
      async stop() {
        await Promise.all([rabbitmq, postgres, redis].map((server) => server.stop()));
      },
    };
  } catch (error) {
    for (const outcome of await Promise.allSettled(starting)) {
      if (outcome.status === 'fulfilled') await outcome.value.stop();
    }
    throw error;
  }
}

async function startServer(
  name: ServerName,
  dataDir: string,
  log: (line: string) => void,
): Promise<StartedServer> {
  mkdirSync(dataDir, { recursive: true, mode: 0o711 });
  let started = false;
  const say = (line: string) => {
    if (!started) log(line);
  };
  let services = createServices({ dataDir, which: [name], log: say });
  const urls = await services.start();
  started = true;
  const ports = rememberedPorts(dataDir);
  const folder = join(dataDir, TRACES[name].folder);
  const list = () => processesIn(folder, TRACES[name].processNames);
  const signal = (wanted: NodeJS.Signals) => {
    for (const pid of list()) sendSignal(pid, wanted);
  };

  async function kill(): Promise<void> {
    signal('SIGKILL');
    await until(`${name} to be gone`, () => list().length === 0, 10_000);
    // Ends what serves it, and gives the folder free.
    await services.stop(0);
  }

  return {
    urls,
    control: {
      name,
      folder,
      pid: () => services.processes()[0]?.pid,
      signal,
      kill,
      async start() {
        services = createServices({ dataDir, which: [name], log: say, ports });
        await services.start();
      },
    },
    async stop() {
      await services.stop(0);
      // Where its user cannot reach the folder, the database lives elsewhere.
      const home = realpathSync(dirname(folder));
      if (name === 'postgres' && !home.startsWith(realpathSync(dataDir))) rmSync(home, { recursive: true });
    },
  };
}
