import type { DataFolder } from './data-folder.ts';
import { TRACES } from './leftovers.ts';
import { answers } from './readiness.ts';
import type { Server } from './server.ts';
import { type Ports, SERVICE_TITLES } from './service-name.ts';

/** Redis that keeps every claim it has answered: each write is on disk before its reply, and none is ever evicted. */
export function redisServer(use: { data: DataFolder; ports: Ports; binary: string; path: string }): Server {
  const folder = use.data.folder('redis');
  return {
    service: 'redis',
    title: SERVICE_TITLES.redis,
    logFile: use.data.logFile('redis'),
    folder,
    processNames: TRACES.redis.processNames,
    stopSignal: TRACES.redis.stopSignal,
    port: () => use.ports.redis,
    ports: () => [use.ports.redis],
    prepare: async () => {},
    launch: () => ({
      command: use.binary,
      args: redisArguments(use.ports.redis),
      env: { PATH: use.path, LANG: 'C' },
      cwd: folder,
    }),
    // While it loads its data it answers -LOADING.
    isReady: () => answers(use.ports.redis, 'PING\r\n', (answer) => answer.toString().startsWith('+PONG')),
  };
}

/** The settings of every private Redis, with data in its working directory. */
export function redisArguments(port: number): string[] {
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    dir: '.',
    appendonly: 'yes',
    appendfsync: 'always',
    'maxmemory-policy': 'noeviction',
    save: '',
    daemonize: 'no',
    logfile: '',
    'tcp-backlog': '511',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}
