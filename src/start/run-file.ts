import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A role that runs. */
export interface RoleProcess {
  readonly role: string;
  /** Which follower, for that role. */
  readonly name?: string;
  readonly pid: number;
  readonly metricsUrl: string;
  /** Where it serves HTTP besides its metrics. */
  readonly url?: string;
}

/** What `sluice up` tells the tools of this folder; the shape is part of the interface. */
export interface RunFile {
  readonly gatewayUrl: string;
  readonly opsUrl: string;
  readonly databaseUrl: string;
  readonly amqpUrl: string;
  readonly amqpManagementUrl: string;
  readonly redisUrl: string;
  /** RabbitMQ by MQTT, STOMP, and STOMP over WebSocket; there while `EVENT_BRIDGE` is on, on private services. */
  readonly subscribeUrls?: {
    readonly mqttUrl: string;
    readonly stompUrl: string;
    readonly webStompUrl: string;
  };
  readonly prometheusUrl?: string;
  readonly adminToken: string;
  readonly processes: readonly RoleProcess[];
  readonly services: readonly { readonly name: string; readonly pid: number }[];
}

/** The folder of a checkout's running instance and its data. */
export const dataFolder = '.sluice';

function pathIn(folder: string): string {
  return join(folder, dataFolder, 'run.json');
}

/** Replaces the file at once, readable by its owner only: it holds the admin token. */
export function writeRunFile(folder: string, run: RunFile): void {
  mkdirSync(join(folder, dataFolder), { recursive: true });
  const path = pathIn(folder);
  const next = `${path}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify(run, undefined, 2)}\n`, { mode: 0o600 });
  chmodSync(next, 0o600);
  renameSync(next, path);
}

/** `undefined` where nothing runs in this folder. */
export function readRunFile(folder: string): RunFile | undefined {
  try {
    return JSON.parse(readFileSync(pathIn(folder), 'utf8')) as RunFile;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function removeRunFile(folder: string): void {
  rmSync(pathIn(folder), { force: true });
}
