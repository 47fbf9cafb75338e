import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../../src/platform/free-port.ts';
import type { RoleName } from '../../../src/start/role.ts';
import { type RunFile, removeRunFile, writeRunFile } from '../../../src/start/run-file.ts';
import { type SupervisedRole, superviseRole } from '../../../src/start/supervise.ts';
import { mustRunSluice, type SluiceCommand } from '../../instance/sluice-command.ts';
import type { RoleControl, ServerControl, ServerName, ServerUrls } from '../fault.ts';
import { until } from '../until.ts';
import { watchLives } from './lives.ts';
import { controlRole } from './roles.ts';
import { startPrivateServers } from './servers.ts';

export interface InstanceOptions {
  /** Of the rehearsal's own: `.sluice/run.json`, logs, and the data of private servers go there. */
  readonly folder: string;
  /** Path of the compiled `src/cli.js`. */
  readonly cli: string;
  /** What the roles inherit: the shop's own settings are rehearsed with it. */
  readonly env: NodeJS.ProcessEnv;
  readonly gateways: number;
  readonly drainers: number;
  /** Servers to use; absent: private ones are started. */
  readonly given?: ServerUrls | undefined;
  readonly log: (line: string) => void;
}

/** The cluster that is rehearsed with, made of the supervisor and the servers of `sluice up`. */
export interface Instance {
  readonly urls: ServerUrls;
  readonly gateways: readonly RoleControl[];
  readonly drainers: readonly RoleControl[];
  readonly roles: readonly RoleControl[];
  readonly services: Readonly<Record<ServerName, ServerControl>> | undefined;
  /** As `.sluice/run.json` has it now. */
  readonly runFile: () => RunFile;
  /** Runs `sluice …` on this instance. */
  readonly command: SluiceCommand;
  /** Stops roles and private servers. Idempotent. */
  readonly stop: () => Promise<void>;
}

/**
 * The supervisor waits longer with each death that follows another within this time. Here they follow each other
 * because we kill so often, not because the role cannot run.
 */
const steadyMs = 1_000;
/** It adds up: an event that it missed or took twice shows for ever. */
const followerName = 'ranking';
const stopDeadlineMs = 8_500;
const readyMs = 60_000;

/** Starts everything and resolves when every gateway can take orders; what was started is stopped on failure. */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const { folder, cli, log } = options;
  const logFolder = join(folder, 'log');
  mkdirSync(logFolder, { recursive: true });
  const servers = options.given ? undefined : await startPrivateServers(join(folder, 'servers'), log);
  const urls = servers?.urls ?? options.given!;
  const adminToken = randomBytes(24).toString('base64url');
  const env = { ...options.env, ...roleEnvironment(urls, adminToken) };
  const command: SluiceCommand = { cli, folder, env };
  const supervised: SupervisedRole[] = [];
  let runFile: RunFile | undefined;

  function publish(): void {
    if (runFile === undefined) return;
    runFile = { ...runFile, ...processes() };
    writeRunFile(folder, runFile);
  }

  function processes(): Pick<RunFile, 'processes' | 'services'> {
    return {
      processes: supervised.flatMap((role) => role.process() ?? []),
      services: Object.values(servers?.controls ?? {}).flatMap((server) => {
        const pid = server.pid();
        return pid === undefined ? [] : [{ name: server.name, pid }];
      }),
    };
  }

  async function startRole(
    role: RoleName,
    label: string,
    own: Readonly<Record<string, string>>,
    name?: string,
  ): Promise<RoleControl> {
    const lives = watchLives();
    const process = superviseRole({
      role,
      ...(name === undefined ? {} : { name }),
      label,
      entry: cli,
      env: { ...command.env, ...roleEnvironment(urls, adminToken), ...own },
      logFile: join(logFolder, `${label.replace(' ', '-')}.log`),
      log: () => undefined,
      onChange() {
        lives.running(process.process()?.pid);
        publish();
      },
      steadyMs,
    });
    supervised.push(process);
    await process.start();
    return controlRole(process, label, lives);
  }

  let stopping: Promise<void> | undefined;
  function stop(): Promise<void> {
    stopping ??= (async () => {
      runFile = undefined;
      removeRunFile(folder);
      for (const role of ['gateway', 'drainer', 'follower', 'ops']) {
        const some = supervised.filter((process) => process.role === role);
        await Promise.all(some.map((process) => process.stop(stopDeadlineMs)));
      }
      await servers?.stop();
    })();
    return stopping;
  }

  try {
    await mustRunSluice(command, ['migrate']);
    const numbered = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
    const ports: number[] = [];
    for (const _ of numbered(options.gateways + 1)) ports.push(await freePort(new Set(ports)));
    const [ops, follower, drainers, gateways] = await Promise.all([
      startRole('ops', 'ops', { OPS_PORT: String(ports.pop()) }),
      startRole('follower', `follower ${followerName}`, {}, followerName),
      Promise.all(numbered(options.drainers).map((n) => startRole('drainer', `drainer ${n}`, {}))),
      Promise.all(
        numbered(options.gateways).map((n) =>
          startRole('gateway', `gateway ${n}`, { PORT: String(ports[n - 1]) }),
        ),
      ),
    ]);
    for (const role of [ops, ...gateways]) await untilServing(role);
    runFile = {
      ...urls,
      gatewayUrl: gateways[0]!.url()!,
      opsUrl: ops.url()!,
      adminToken,
      ...processes(),
    };
    writeRunFile(folder, runFile);
    return {
      urls,
      gateways,
      drainers,
      roles: [ops, follower, ...drainers, ...gateways],
      services: servers?.controls,
      runFile: () => runFile ?? never(),
      command,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function never(): never {
  throw new Error('the instance has been stopped');
}

async function untilServing(role: RoleControl): Promise<void> {
  const answered = async () => (await fetch(`${role.url()}/readyz`)).ok;
  await until(`${role.label} to be able to work`, answered, readyMs);
}

/** What a role of a rehearsal must be told, whatever the shop has set. */
function roleEnvironment(urls: ServerUrls, adminToken: string): Record<string, string> {
  return {
    DATABASE_URL: urls.databaseUrl,
    AMQP_URL: urls.amqpUrl,
    AMQP_MANAGEMENT_URL: urls.amqpManagementUrl,
    REDIS_URL: urls.redisUrl,
    ADMIN_TOKEN: adminToken,
    // Its shoppers have no tokens.
    AUTH: 'none',
    EVENTS: 'on',
    HOST: '127.0.0.1',
    OPS_HOST: '127.0.0.1',
    METRICS_HOST: '127.0.0.1',
    METRICS_PORT: '0',
    NODE_ENV: 'production',
    SLUICE_FAILPOINT: '',
  };
}
