import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createBinaryFinder } from '../../../src/services/find-binary.ts';
import type { FaultContext } from '../fault.ts';

const execute = promisify(execFile);

/** RabbitMQ's management API and its own command. */
export interface BrokerControl {
  /** The virtual host, encoded for a path. */
  readonly vhost: string;
  /** @throws Error with the answer's text where it is not 2xx */
  api<T>(method: string, path: string, body?: object): Promise<T>;
  /** `rabbitmqctl …` on the private node. */
  ctl(...args: readonly string[]): Promise<string>;
}

export function controlBroker({ urls, services }: FaultContext): BrokerControl {
  const management = new URL(urls.amqpManagementUrl);
  const credentials = `${decodeURIComponent(management.username)}:${decodeURIComponent(management.password)}`;
  return {
    vhost: new URL(urls.amqpUrl).pathname.slice(1) || encodeURIComponent('/'),
    async api<T>(method: string, path: string, body?: object) {
      const response = await fetch(`${management.origin}/api${path}`, {
        method,
        headers: {
          authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
          'content-type': 'application/json',
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return (text === '' ? undefined : JSON.parse(text)) as T;
    },
    async ctl(...args) {
      const pid = services?.rabbitmq.pid();
      if (pid === undefined) throw new Error('rabbitmqctl needs a private RabbitMQ that runs');
      // The node's name, its cookie's place and the port of its name server, as the node itself was told them.
      const env = Object.fromEntries(
        readFileSync(`/proc/${pid}/environ`, 'utf8')
          .split('\0')
          .filter((line) => line.includes('='))
          .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      );
      // Beside the server: the one on the PATH may be a wrapper that changes the user.
      const server = createBinaryFinder()('rabbitmq-server')[0];
      if (server === undefined) throw new Error('rabbitmq-server is not installed');
      const { stdout } = await execute(join(dirname(server), 'rabbitmqctl'), args, { env });
      return stdout;
    },
  };
}
