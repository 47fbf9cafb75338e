import { join } from 'node:path';
import { type DataFolder, openDataFolder } from './data-folder.ts';
import {
  type BinaryFinder,
  type BinaryName,
  createBinaryFinder,
  DEFAULT_SEARCH_PATH,
} from './find-binary.ts';
import { canInstall, install, missingBinaries } from './install.ts';
import { stopLeftovers } from './leftovers.ts';
import { postgresServer } from './postgres.ts';
import { prometheusServer } from './prometheus.ts';
import { epmdServer, rabbitmqServer } from './rabbitmq.ts';
import { redisServer } from './redis.ts';
import { choosePorts, type PortChoice } from './remembered-ports.ts';
import { createRunner, type Runner } from './runner.ts';
import type { Server } from './server.ts';
import { ServiceError } from './service-error.ts';
import { PORTS_OF, type Ports, SERVICE_NAMES, SERVICE_TITLES, type ServiceName } from './service-name.ts';

export interface ServiceUrls {
  /** User and database `sluice`. */
  databaseUrl: string;
  /** User and password `guest`, as in the management URL. */
  amqpUrl: string;
  amqpManagementUrl: string;
  /** RabbitMQ's own metrics for Prometheus. */
  amqpMetricsUrl: string;
  redisUrl: string;
  /** RabbitMQ by other protocols, with the same user; missing unless `brokerProtocols` asked for them. */
  subscribeUrls?: SubscribeUrls;
  /** Missing where Prometheus is not installed, not wanted, or did not start. */
  prometheusUrl?: string;
}

export interface SubscribeUrls {
  mqttUrl: string;
  stompUrl: string;
  /** STOMP over WebSocket, as browsers speak it. */
  webStompUrl: string;
}

export interface ServiceProcess {
  name: ServiceName;
  /** The server's own: the postmaster, the `beam.smp`. */
  pid: number;
}

export interface ServicesOptions {
  /** Everything is kept below this folder, created where needed. One living process may use it at a time. */
  dataDir: string;
  /** Receives progress, and what supervision does. */
  log: (line: string) => void;
  /** Default: all. The URLs of services left out still name their ports, on which nothing listens. */
  which?: readonly ServiceName[];
  /** Fixed ports; others are free ones, the same as last time where possible. */
  ports?: Partial<Ports>;
  /** Whether RabbitMQ also speaks MQTT, STOMP, and STOMP over WebSocket. Default false. */
  brokerProtocols?: boolean;
  /** Start a server that died again, with back-off, on the same port. Default false. */
  supervise?: boolean;
  /** Prometheus' file service discovery. Default `prometheus-targets.json` in the data folder. */
  prometheusTargetsFile?: string;
  prometheusRuleFiles?: readonly string[];
  /** The PATH to find binaries in. Default: the usual folders. */
  searchPath?: string;
  findBinary?: BinaryFinder;
  /** Whether missing servers may be installed. Default: as root on Debian and Ubuntu. */
  mayInstall?: () => boolean;
}

export interface Services {
  /** Finds or installs the servers, starts them in parallel and resolves when all answer. Rejects with a `ServiceError`, with nothing left running. */
  start(): Promise<ServiceUrls>;
  /**
   * Stops all in parallel and resolves when none of their processes is left; kills at the deadline. Idempotent, also
   * during `start`; called again with 0, it kills at once.
   */
  stop(deadlineMs: number): Promise<void>;
  /** The servers that run now. */
  processes(): ServiceProcess[];
  /** Called after supervision has brought a server back, when it answers. */
  onRestart(callback: (process: ServiceProcess) => void): void;
}

/** A set of private servers for one data folder: loopback only, each in a process group of its own. */
export function createServices(options: ServicesOptions): Services {
  const { log } = options;
  const path = options.searchPath ?? DEFAULT_SEARCH_PATH;
  const find = options.findBinary ?? createBinaryFinder(path);
  const wanted = SERVICE_NAMES.filter((name) => (options.which ?? SERVICE_NAMES).includes(name));
  const restartCallbacks: ((process: ServiceProcess) => void)[] = [];
  const running = new Map<ServiceName, Runner[]>();
  let data: DataFolder | undefined;
  let starting: Promise<ServiceUrls> | undefined;
  let stopping: Promise<void> | undefined;

  async function start(): Promise<ServiceUrls> {
    data = openDataFolder(options.dataDir);
    await stopLeftovers(data.path, log);
    const present = await ensureInstalled(data);
    const choice = await choosePorts(data.path, options.ports ?? {}, log);
    const runs = present.map((name) => startService(name, data as DataFolder, choice));
    const outcomes = await Promise.allSettled(
      runs.map((run) =>
        run.catch(async (error) => {
          await stopRunners(0);
          throw error;
        }),
      ),
    );
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    const failure = failures.find((error) => error.code !== 'service-stopped') ?? failures[0];
    if (failure !== undefined) throw failure;
    return urls(choice.ports, running.has('prometheus'), options.brokerProtocols ?? false);
  }

  /** The wanted services whose binaries are there, after installing what may be installed. */
  async function ensureInstalled(folder: DataFolder): Promise<ServiceName[]> {
    const isMissing = (name: ServiceName) => BINARIES_OF[name].some((binary) => find(binary).length === 0);
    const missing = () => wanted.filter(isMissing);
    // Sluice works without Prometheus: a machine that can't have it is no error.
    const needed = () => missing().filter((name) => name !== 'prometheus');
    if (missing().length > 0 && (options.mayInstall ?? canInstall)()) {
      log(
        `installing ${missing()
          .map((name) => SERVICE_TITLES[name])
          .join(', ')}`,
      );
      await install(missing(), folder.logFile('install'), log).catch((error: unknown) => {
        if (needed().length > 0) throw error;
        log((error as Error).message);
      });
    }
    if (needed().length > 0) throw missingBinaries(needed());
    if (wanted.includes('prometheus') && isMissing('prometheus')) {
      log('Prometheus is not installed: going on without it');
      return wanted.filter((name) => name !== 'prometheus');
    }
    return wanted;
  }

  async function startService(name: ServiceName, folder: DataFolder, choice: PortChoice): Promise<void> {
    const startedAt = Date.now();
    for (let attempt = 1; ; attempt++) {
      try {
        await startServers(name, serversOf(name, folder, choice.ports));
        log(`${SERVICE_TITLES[name]} is ready (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
        return;
      } catch (error) {
        const failed = toServiceError(name, folder, error);
        await Promise.all((running.get(name) ?? []).map((runner) => runner.stop(0)));
        running.delete(name);
        if (failed.code === 'service-stopped' || stopping !== undefined) throw failed;
        if (attempt < PORT_ATTEMPTS && portWasLost(failed) && !hasFixedPort(name)) {
          await choice.renew(name);
          continue;
        }
        if (name !== 'prometheus') throw failed;
        log(`${failed.message}\ngoing on without it`);
        return;
      }
    }
  }

  async function startServers(name: ServiceName, servers: Server[]): Promise<void> {
    const runners = servers.map((server, index) =>
      createRunner({
        server,
        log,
        supervise: options.supervise ?? false,
        onRestart(pid) {
          if (index < servers.length - 1) return;
          for (const callback of restartCallbacks) callback({ name, pid });
        },
      }),
    );
    running.set(name, runners);
    for (const runner of runners) await runner.start();
  }

  /** Of the servers of one service the last is the one it is named for; the others serve it and start before it. */
  function serversOf(name: ServiceName, folder: DataFolder, ports: Ports): Server[] {
    const first = (binary: BinaryName) => find(binary)[0] as string;
    const use = { data: folder, ports, path, log };
    if (name === 'postgres') return [postgresServer({ ...use, binaries: find('postgres') })];
    if (name === 'redis') return [redisServer({ ...use, binary: first('redis-server') })];
    if (name === 'rabbitmq') {
      const binaries = { rabbitmqServer: first('rabbitmq-server'), epmd: first('epmd') };
      const broker = { ...use, binaries, protocols: options.brokerProtocols ?? false };
      return [epmdServer(broker), rabbitmqServer(broker)];
    }
    return [
      prometheusServer({
        ...use,
        binary: first('prometheus'),
        targetsFile: options.prometheusTargetsFile ?? join(folder.path, 'prometheus-targets.json'),
        ruleFiles: options.prometheusRuleFiles ?? [],
        scrapeRabbitmq: wanted.includes('rabbitmq'),
      }),
    ];
  }

  function hasFixedPort(name: ServiceName): boolean {
    return PORTS_OF[name].some((port) => options.ports?.[port] !== undefined);
  }

  async function stopRunners(deadlineMs: number): Promise<void> {
    const end = Date.now() + deadlineMs;
    const remainingMs = () => Math.max(0, end - Date.now());
    await Promise.all(
      [...running.values()].map(async (runners) => {
        for (const runner of runners.toReversed()) await runner.stop(remainingMs());
      }),
    );
  }

  async function stop(deadlineMs: number): Promise<void> {
    await stopRunners(deadlineMs);
    await starting?.catch(() => {});
    // A start that was under way may have added a server since.
    await stopRunners(0);
    data?.release();
  }

  return {
    start() {
      starting ??= start().catch(async (error) => {
        await stopRunners(0);
        data?.release();
        throw error;
      });
      return starting;
    },
    stop(deadlineMs) {
      if (stopping !== undefined && deadlineMs === 0) void stopRunners(0);
      stopping ??= stop(deadlineMs);
      return stopping;
    },
    processes: () =>
      [...running].flatMap(([name, runners]) => {
        const pid = runners.at(-1)?.pid();
        return pid === undefined ? [] : [{ name, pid }];
      }),
    onRestart: (callback) => void restartCallbacks.push(callback),
  };
}

const PORT_ATTEMPTS = 3;

const BINARIES_OF: Record<ServiceName, readonly BinaryName[]> = {
  postgres: ['postgres'],
  rabbitmq: ['rabbitmq-server', 'epmd'],
  redis: ['redis-server'],
  prometheus: ['prometheus'],
};

/** Between the choice of a port and its use another process may take it. */
function portWasLost(error: ServiceError): boolean {
  return /is taken|in use|eaddrinuse/i.test(error.message);
}

function toServiceError(name: ServiceName, folder: DataFolder, error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const logFile = folder.logFile(name);
  const message = `${SERVICE_TITLES[name]} could not be started: ${(error as Error).message}\n  log: ${logFile}`;
  return new ServiceError('service-start-failed', message, { service: name, logFile, cause: error });
}

function urls(ports: Ports, withPrometheus: boolean, withProtocols: boolean): ServiceUrls {
  return {
    databaseUrl: `postgresql://sluice@127.0.0.1:${ports.postgres}/sluice`,
    amqpUrl: `amqp://guest:guest@127.0.0.1:${ports.amqp}`,
    amqpManagementUrl: `http://guest:guest@127.0.0.1:${ports.amqpManagement}`,
    amqpMetricsUrl: `http://127.0.0.1:${ports.amqpMetrics}/metrics`,
    redisUrl: `redis://127.0.0.1:${ports.redis}`,
    ...(withProtocols ? { subscribeUrls: subscribeUrls(ports) } : {}),
    ...(withPrometheus ? { prometheusUrl: `http://127.0.0.1:${ports.prometheus}` } : {}),
  };
}

function subscribeUrls(ports: Ports): SubscribeUrls {
  return {
    mqttUrl: `mqtt://guest:guest@127.0.0.1:${ports.mqtt}`,
    stompUrl: `stomp://guest:guest@127.0.0.1:${ports.stomp}`,
    webStompUrl: `ws://guest:guest@127.0.0.1:${ports.webStomp}/ws`,
  };
}
