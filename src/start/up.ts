import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate } from '../ledger/ledger.ts';
import { readConfig } from '../platform/config/read.ts';
import { freePort } from '../platform/free-port.ts';
import { createLogger } from '../platform/logger.ts';
import { declareTopology } from '../queue/topology.ts';
import { type DataFolder, openDataFolder } from '../services/data-folder.ts';
import { createServices, type Services, type ServiceUrls } from '../services/services.ts';
import { choosePort } from './choose-port.ts';
import { demoSale } from './demo-sale.ts';
import { followersToRun } from './followers.ts';
import { keepCurrent } from './keep-current.ts';
import { refuseSecond, untilRolesEnded } from './one-per-folder.ts';
import { withOperations } from './operations.ts';
import type { RoleName } from './role.ts';
import { dataFolder, type RunFile, removeRunFile, writeRunFile } from './run-file.ts';
import { type Environment, type SupervisedRole, superviseRole } from './supervise.ts';
import { type Target, targetFromConfig } from './target.ts';
import { untilReady } from './until-ready.ts';

/** The alerts, beside the compiled code in a checkout. */
const alertRules = fileURLToPath(new URL('../../../grafana/prometheus/rules.yml', import.meta.url));
const servicesStopMs = 8_000;
const readyMs = 30_000;

/** Everything on one machine. */
export interface Up {
  /**
   * Resolves when all is ready. Rejects with nothing left running; with code `interrupted` where `stop` was called
   * before all was ready.
   */
  start(): Promise<RunFile>;
  /** Ends it in order, also while it starts: gateways, drainers, followers, ops, services. Idempotent. */
  stop(): Promise<void>;
  /** Makes a stop that is under way, or a new one, kill what it would wait for. */
  hurry(): Promise<void>;
}

/**
 * Services (found or private), schema and topology, the roles as supervised processes, the demo sale.
 *
 * @param env what the roles inherit
 */
export function createUp(log: (line: string) => void, env: Environment): Up {
  const folder = process.cwd();
  const config = readConfig();
  const dataDir = join(folder, dataFolder);
  const targetsFile = join(dataDir, 'prometheus-targets.json');
  const given = targetFromConfig(config);
  const ending = new AbortController();
  const hurrying = new AbortController();
  const roles: SupervisedRole[] = [];
  let services: Services | undefined;
  let held: DataFolder | undefined;
  let current: RunFile | undefined;
  let stopping: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    const running = [...roles].reverse();
    const began = services !== undefined || held !== undefined;
    current = undefined;
    // Before that it may be another instance's.
    if (began) forget();
    const within = (deadlineMs: number) => (hurrying.signal.aborted ? 0 : deadlineMs);
    // Gateways first, so that nothing new is accepted; then drainers, followers, ops.
    for (const name of ['gateway', 'drainer', 'follower', 'ops'] as const) {
      const stopMs = within(config.SHUTDOWN_DEADLINE_MS + 500);
      await Promise.all(running.filter((role) => role.role === name).map((role) => role.stop(stopMs)));
    }
    await services?.stop(within(servicesStopMs));
    held?.release();
  }

  /** A run file that can't be removed must not keep everything running. */
  function forget(): void {
    try {
      removeRunFile(folder);
    } catch (error) {
      log(`${dataFolder}/run.json cannot be removed: ${(error as Error).message}`);
    }
  }

  function stop(): Promise<void> {
    ending.abort(Object.assign(new Error('it was stopped while it started'), { code: 'interrupted' }));
    stopping ??= stopAll();
    return stopping;
  }

  async function startAll(): Promise<RunFile> {
    refuseSecond(folder);
    await untilRolesEnded(folder, config.SHUTDOWN_DEADLINE_MS + 1_000, log, ending.signal);
    const opsPort = await choosePort('OPS_PORT', config, log);
    const port = await choosePort('PORT', config, log, opsPort);
    ending.signal.throwIfAborted();
    mkdirSync(join(dataDir, 'log'), { recursive: true });
    // Private services take hold of the folder themselves.
    if (given) held = openDataFolder(dataDir);
    else
      services = createServices({
        dataDir,
        log,
        supervise: true,
        brokerProtocols: config.EVENT_BRIDGE === 'on',
        prometheusRuleFiles: [alertRules].filter(existsSync),
      });
    const urls = await services?.start();
    const target = given ?? targetOf(urls!);
    await migrate(target.databaseUrl, log);
    await declareTopology({
      ...target,
      queueMaxBytes: config.QUEUE_MAX_BYTES,
      followerQueueMaxBytes: config.FOLLOWER_QUEUE_MAX_BYTES,
      bridge: config.EVENT_BRIDGE === 'on',
      logger: createLogger('up', 'error'),
    });

    const adminToken = config.ADMIN_TOKEN ?? randomBytes(24).toString('base64url');
    const environment = environmentOf(target, adminToken);
    const processes = () => roles.flatMap((role) => role.process() ?? []);
    const targetsChanged = keepCurrent({
      ...{ what: `${dataFolder}/prometheus-targets.json`, log },
      write: () => writeTargets(targetsFile, processes()),
    });
    const runChanged = keepCurrent({
      ...{ what: `${dataFolder}/run.json`, log, signal: ending.signal },
      write() {
        if (!current) return;
        current = { ...current, processes: processes(), services: services?.processes() ?? [] };
        writeRunFile(folder, current);
      },
    });
    const publish = () => {
      targetsChanged();
      runChanged();
    };
    services?.onRestart(publish);

    async function addRole(role: RoleName, label: string, extra: Record<string, string> = {}, name?: string) {
      ending.signal.throwIfAborted();
      const supervised = superviseRole({
        role,
        ...(name === undefined ? {} : { name }),
        label,
        entry: fileURLToPath(new URL('../cli.js', import.meta.url)),
        env: { ...env, ...environment, ...extra },
        logFile: join(dataDir, 'log', `${label.replace(' ', '-')}.log`),
        log,
        onChange: publish,
      });
      roles.push(supervised);
      await supervised.start();
      log(`${label} is ready`);
    }

    await addRole('ops', 'ops', { OPS_PORT: String(opsPort) });
    const rest: Promise<void>[] = [];
    for (let i = 1; i <= config.DRAINERS; i++) rest.push(addRole('drainer', `drainer ${i}`));
    for (let i = 1; i <= config.GATEWAYS; i++) {
      const own = i === 1 ? port : await freePort(new Set([port, opsPort]));
      rest.push(addRole('gateway', `gateway ${i}`, { PORT: String(own) }));
    }
    for (const name of followersToRun(config)) rest.push(addRole('follower', `follower ${name}`, {}, name));
    await Promise.all(rest);
    await withOperations(async ({ ledger, sales }) => {
      if (!(await ledger.sale('demo'))) await sales.apply(demoSale(Date.now()));
    }, target);

    await untilReady(
      roles.flatMap((role) => role.process()?.url ?? []),
      readyMs,
    );
    const urlOf = (wanted: RoleName) => processes().find(({ role }) => role === wanted)?.url ?? '';
    current = {
      gatewayUrl: urlOf('gateway'),
      opsUrl: urlOf('ops'),
      ...target,
      ...(urls?.subscribeUrls ? { subscribeUrls: urls.subscribeUrls } : {}),
      ...(urls?.prometheusUrl ? { prometheusUrl: urls.prometheusUrl } : {}),
      adminToken,
      processes: processes(),
      services: services?.processes() ?? [],
    };
    ending.signal.throwIfAborted();
    writeFirst(folder, current);
    return current;
  }

  return {
    async start() {
      try {
        return await startAll();
      } catch (error) {
        const interrupted = ending.signal.aborted;
        await stop().catch((failure: unknown) => log(`while stopping: ${String(failure)}`));
        throw interrupted ? ending.signal.reason : error;
      }
    },
    stop,
    async hurry() {
      hurrying.abort();
      for (const role of roles) void role.stop(0);
      if (services) void services.stop(0);
      await stop();
    },
  };
}

function targetOf(urls: ServiceUrls): Target {
  const { databaseUrl, amqpUrl, amqpManagementUrl, redisUrl } = urls;
  return { databaseUrl, amqpUrl, amqpManagementUrl, redisUrl };
}

function environmentOf(target: Target, adminToken: string): Record<string, string> {
  return {
    DATABASE_URL: target.databaseUrl,
    AMQP_URL: target.amqpUrl,
    AMQP_MANAGEMENT_URL: target.amqpManagementUrl,
    REDIS_URL: target.redisUrl,
    ADMIN_TOKEN: adminToken,
    METRICS_PORT: '0',
    NODE_ENV: 'production',
  };
}

/** Without it nothing finds the instance: a start that can't write it has failed. */
function writeFirst(folder: string, run: RunFile): void {
  try {
    writeRunFile(folder, run);
  } catch (cause) {
    const message = `${dataFolder}/run.json cannot be written: make room, or mend its permissions`;
    throw Object.assign(new Error(message, { cause }), { code: 'run-file-unwritable' });
  }
}

/** Prometheus' file service discovery. */
function writeTargets(file: string, processes: RunFile['processes']): void {
  const targets = processes.map(({ role, metricsUrl, url }) => ({
    targets: [new URL(role === 'ops' && url ? url : metricsUrl).host],
    labels: { role },
  }));
  writeFileSync(`${file}.next`, JSON.stringify(targets));
  renameSync(`${file}.next`, file);
}
