import type { Config } from '../platform/config/config.ts';
import { readRunFile } from './run-file.ts';

/** The servers that roles and operations work on. */
export interface Target {
  readonly databaseUrl: string;
  readonly amqpUrl: string;
  readonly amqpManagementUrl: string;
  readonly redisUrl: string;
}

/** A command that has no servers to work on. */
export class NoTargetError extends Error {
  override readonly name = 'NoTargetError';
  readonly code = 'no-target';
}

/** The servers that the environment names, or `undefined` where it names none. */
export function targetFromConfig(config: Config): Target | undefined {
  const { DATABASE_URL: databaseUrl, AMQP_URL: amqpUrl, REDIS_URL: redisUrl } = config;
  if (!databaseUrl || !amqpUrl || !redisUrl) return undefined;
  return {
    databaseUrl,
    amqpUrl,
    redisUrl,
    amqpManagementUrl: config.AMQP_MANAGEMENT_URL ?? defaultManagementUrl(amqpUrl),
  };
}

/** The environment's servers, else those of the instance that runs in this folder; never starts any. */
export function findTarget(config: Config, folder: string): Target {
  const target = targetFromConfig(config) ?? readRunFile(folder);
  if (target) return target;
  throw new NoTargetError(
    'nothing runs in this folder (there is no .sluice/run.json): start it with `npm start`, ' +
      'or name the servers with DATABASE_URL, AMQP_URL and REDIS_URL',
  );
}

/** Where AMQP_MANAGEMENT_URL is not set: RabbitMQ's management API listens on 15672, with the same users. */
export function defaultManagementUrl(amqpUrl: string): string {
  const { protocol, username, password, hostname } = new URL(amqpUrl);
  const url = new URL(`${protocol === 'amqps:' ? 'https' : 'http'}://${hostname}:15672`);
  url.username = username || 'guest';
  url.password = password || 'guest';
  return url.href;
}
