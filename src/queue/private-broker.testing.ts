import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freeze } from '../../test/support/freeze.ts';
import { freePort } from '../platform/free-port.ts';

const execute = promisify(execFile);
const bin = '/usr/lib/rabbitmq/bin';
/** Where Debian has epmd, and what the start script calls: nothing of the shell's changes the broker. */
const searchPath = '/usr/sbin:/usr/bin:/sbin:/bin';

/** A RabbitMQ node of its own for tests that freeze, kill or starve it. */
export async function startPrivateBroker() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-queue-'));
  const [amqp, management, dist, epmd] = (await freePorts(4)) as [number, number, number, number];
  const managementUrl = `http://127.0.0.1:${management}`;
  const nodeName = `queue-test-${amqp}@localhost`;
  let vhosts = 0;
  const env = {
    PATH: searchPath,
    LANG: 'C.UTF-8',
    HOME: folder,
    RUNNING_UNDER_SYSTEMD: 'true',
    RABBITMQ_NODENAME: nodeName,
    RABBITMQ_DIST_PORT: String(dist),
    ERL_EPMD_PORT: String(epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'env.conf'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
  };
  writeFileSync(join(folder, 'env.conf'), '');
  writeFileSync(join(folder, 'advanced.config'), '[].\n');
  writeFileSync(join(folder, 'enabled_plugins'), '[rabbitmq_management].\n');
  writeFileSync(
    join(folder, 'rabbitmq.conf'),
    [
      `listeners.tcp.local = 127.0.0.1:${amqp}`,
      'management.tcp.ip = 127.0.0.1',
      `management.tcp.port = ${management}`,
      'tcp_listen_options.nodelay = true',
      'vm_memory_high_watermark.absolute = 2GB',
      'disk_free_limit.absolute = 50MB',
      '',
    ].join('\n'),
  );
  const names = spawn('epmd', ['-port', String(epmd), '-address', '127.0.0.1'], { env, stdio: 'ignore' });
  let node = await boot();

  async function boot() {
    const child = spawn(join(bin, 'rabbitmq-server'), { env, cwd: folder, stdio: 'ignore' });
    await until('the broker to start', () => listening(management, amqp), 60_000);
    return child;
  }

  async function ended(child: ReturnType<typeof spawn>, signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }

  return {
    amqpUrl: `amqp://127.0.0.1:${amqp}`,
    amqpManagementUrl: managementUrl,
    /** The server itself: the start script is replaced by it. */
    pid: () => node.pid!,
    cpuSeconds(): number {
      const fields = readFileSync(`/proc/${node.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    freeze: () => freeze(node.pid!),
    thaw: () => process.kill(node.pid!, 'SIGCONT'),
    kill: () => ended(node, 'SIGKILL'),
    async restart() {
      node = await boot();
    },
    /** A virtual host that nobody else uses, with the URL that names it. */
    async newVhost() {
      const vhost = `test-${++vhosts}`;
      await managementCall(managementUrl, 'PUT', `/vhosts/${vhost}`, {});
      return { vhost, amqpUrl: `amqp://127.0.0.1:${amqp}/${vhost}`, amqpManagementUrl: managementUrl };
    },
    /**
     * Resolves when the broker has written down that the queues of this virtual host exist. It confirms their
     * declaration some 0.5 s earlier; killed in between, a 3.10 node does not find the queue's log again.
     */
    async remembersQueuesOf(vhost: string) {
      const quorum = join(folder, 'data', nodeName, 'quorum', nodeName, 'names.dets');
      await until('the queues to be written down', () =>
        readFileSync(quorum).includes(`${vhost}_sluice.orders.dead`),
      );
    },
    async ctl(...args: string[]): Promise<string> {
      return (await execute(join(bin, 'rabbitmqctl'), args, { env })).stdout;
    },
    api: (method: string, path: string, body?: unknown) => managementCall(managementUrl, method, path, body),
    async stop() {
      process.kill(node.pid!, 'SIGCONT');
      await ended(node, 'SIGKILL');
      await ended(names, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export type PrivateBroker = Awaited<ReturnType<typeof startPrivateBroker>>;

/** Polls a condition; rejects when it does not hold within the deadline. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, deadlineMs = 20_000) {
  const endMs = Date.now() + deadlineMs;
  while (!(await holds())) {
    if (Date.now() > endMs) throw new Error(`waited in vain for ${what}`);
    await sleep(20);
  }
}

async function managementCall(base: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${base}/api${path}`, {
    method,
    headers: { authorization: `Basic ${btoa('guest:guest')}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

async function listening(management: number, amqp: number): Promise<boolean> {
  return managementCall(`http://127.0.0.1:${management}`, 'GET', `/health/checks/port-listener/${amqp}`).then(
    () => true,
    () => false,
  );
}

async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort(ports));
  return [...ports];
}
