import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate } from '../ledger/ledger.ts';
import { systemClock } from '../platform/clock.ts';
import { type Config, readConfig } from '../platform/config/read.ts';
import { createLogger } from '../platform/logger.ts';
import { declareTopology } from '../queue/topology.ts';
import { holderOf, openDataFolder } from '../services/data-folder.ts';
import { freePort, isPortFree } from '../services/free-port.ts';
import { isAlive } from '../services/processes.ts';
import { createServices, type ServiceUrls } from '../services/services.ts';
import { demoSale } from './demo-sale.ts';
import { followersToRun } from './followers.ts';
import { withOperations } from './operations.ts';
import type { RoleName } from './role.ts';
import { dataFolder, type RunFile, readRunFile, removeRunFile, writeRunFile } from './run-file.ts';
import { type SupervisedRole, superviseRole } from './supervise.ts';
import { type Target, targetFromConfig } from './target.ts';
import { untilReady } from './until-ready.ts';

/** Another instance runs in this folder. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
  readonly code = 'already-running';
}

/** The alerts, beside the compiled code in a checkout. */
const alertRules = fileURLToPath(new URL('../../../grafana/prometheus/rules.yml', import.meta.url));
const servicesStopMs = 8_000;
const readyMs = 30_000;

/**
 * Everything on one machine: services (found or private), schema and topology, the roles as supervised processes,
 * the demo sale. Resolves when all is ready; `stop` ends it in order: gateways, drainers, ops, services.
 */
export async function startUp(log: (line: string) => void): Promise<{
  run: RunFile;
  stop: () => Promise<void>;
}> {
  const folder = process.cwd();
  const config = readConfig();
  const dataDir = join(folder, dataFolder);
  refuseSecond(folder);
  await untilRolesEnded(folder, config.SHUTDOWN_DEADLINE_MS + 1_000, log);
  const opsPort = await choosePort('OPS_PORT', config, log);
  const port = await choosePort('PORT', config, log, opsPort);
  mkdirSync(join(dataDir, 'log'), { recursive: true });
  const targetsFile = join(dataDir, 'prometheus-targets.json');

  const given = targetFromConfig(config);
  // Private services take hold of the folder themselves.
  const held = given ? openDataFolder(dataDir) : undefined;
  const services = given
    ? undefined
    : createServices({
        dataDir,
        log,
        supervise: true,
        brokerProtocols: config.EVENT_BRIDGE === 'on',
        prometheusRuleFiles: [alertRules].filter(existsSync),
      });
  const roles: SupervisedRole[] = [];
  let current: RunFile | undefined;
  let stopping: Promise<void> | undefined;

  async function stop(): Promise<void> {
    const running = [...roles].reverse();
    current = undefined;
    removeRunFile(folder);
    const stopMs = config.SHUTDOWN_DEADLINE_MS + 500;
    // Gateways first, so that nothing new is accepted; then drainers, followers, ops.
    for (const name of ['gateway', 'drainer', 'follower', 'ops'] as const) {
      await Promise.all(running.filter((role) => role.role === name).map((role) => role.stop(stopMs)));
    }
    await services?.stop(servicesStopMs);
    held?.release();
  }

  try {
    const urls = services ? await services.start() : undefined;
    const target = given ?? targetOf(urls!);
    await migrate(target.databaseUrl, log);
    await declareTopology({
      ...target,
      queueMaxBytes: config.QUEUE_MAX_BYTES,
      followerQueueMaxBytes: config.FOLLOWER_QUEUE_MAX_BYTES,
      logger: createLogger('up', 'error'),
    });

    const adminToken = config.ADMIN_TOKEN ?? randomBytes(24).toString('base64url');
    const environment = environmentOf(target, adminToken);
    const publish = () => {
      const processes = roles.flatMap((role) => role.process() ?? []);
      writeTargets(targetsFile, processes);
      if (!current) return;
      current = { ...current, processes, services: services?.processes() ?? [] };
      writeRunFile(folder, current);
    };
    services?.onRestart(publish);

    async function addRole(role: RoleName, label: string, extra: Record<string, string> = {}, name?: string) {
      const supervised = superviseRole({
        role,
        ...(name === undefined ? {} : { name }),
        label,
        entry: fileURLToPath(new URL('../cli.js', import.meta.url)),
        env: { ...environment, ...extra },
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
    const processes = roles.flatMap((role) => role.process() ?? []);
    current = {
      gatewayUrl: processes.find((process) => process.role === 'gateway')?.url ?? '',
      opsUrl: processes.find((process) => process.role === 'ops')?.url ?? '',
      ...target,
      ...(urls?.subscribeUrls ? { subscribeUrls: urls.subscribeUrls } : {}),
      ...(urls?.prometheusUrl ? { prometheusUrl: urls.prometheusUrl } : {}),
      adminToken,
      processes,
      services: services?.processes() ?? [],
    };
    writeRunFile(folder, current);
    return {
      run: current,
      stop: () => {
        stopping ??= stop();
        return stopping;
      },
    };
  } catch (error) {
    await stop().catch((failure: unknown) => log(`while stopping: ${String(failure)}`));
    throw error;
  }
}

function targetOf(urls: ServiceUrls): Target {
  const { databaseUrl, amqpUrl, amqpManagementUrl, redisUrl } = urls;
  return { databaseUrl, amqpUrl, amqpManagementUrl, redisUrl };
}

/** One living process may hold the folder; a run file without its writer is a crash's leftover. */
function refuseSecond(folder: string): void {
  const holder = holderOf(join(folder, dataFolder));
  if (holder === undefined) return;
  const url = readRunFile(folder)?.gatewayUrl;
  throw new AlreadyRunningError(
    `Sluice runs in this folder already (pid ${holder}${url ? `, ${url}` : ''}); stop it first, or use another folder`,
  );
}

/** The roles of an `up` that was killed end by themselves; until then they hold their ports. */
async function untilRolesEnded(
  folder: string,
  patienceMs: number,
  log: (line: string) => void,
): Promise<void> {
  const left = () => (readRunFile(folder)?.processes ?? []).filter(({ pid }) => isAlive(pid));
  const endsAtMs = Date.now() + patienceMs;
  if (left().length > 0) {
    log(`waiting for ${left().length} roles of an earlier run, which was killed, to end`);
    // Past the deadline it is none of ours: the number belongs to another process by now.
    while (left().length > 0 && Date.now() < endsAtMs) await systemClock.sleep(100);
  }
  removeRunFile(folder);
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

/** The port that was asked for, or, where nobody asked and the default is taken, a free one. */
async function choosePort(
  name: 'PORT' | 'OPS_PORT',
  config: Config,
  log: (line: string) => void,
  ...others: number[]
): Promise<number> {
  const wanted = config[name];
  if (wanted === 0) return freePort(new Set(others));
  if (await isPortFree(wanted)) return wanted;
  if (config.isSet(name)) {
    throw Object.assign(
      new Error(`${name} ${wanted} is taken by another process: free it, or set another ${name}`),
      {
        code: 'port-taken',
      },
    );
  }
  const free = await freePort(new Set([wanted, ...others]));
  log(`port ${wanted} is taken: ${name === 'PORT' ? 'shoppers' : 'ops'} are served on ${free} instead`);
  return free;
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
