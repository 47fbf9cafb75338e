import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataFolder } from './data-folder.ts';
import type { Launch } from './launch.ts';
import { TRACES } from './leftovers.ts';
import { accepts, answersOk } from './readiness.ts';
import type { Server } from './server.ts';
import { type Ports, SERVICE_TITLES } from './service-name.ts';

interface Use {
  data: DataFolder;
  ports: Ports;
  binaries: { rabbitmqServer: string; epmd: string };
  path: string;
  /** Whether it also speaks MQTT, STOMP, and STOMP over WebSocket, by its own plugins. */
  protocols: boolean;
}

/**
 * Erlang's name server. A node starts one for itself where it finds none, as a daemon that outlives it;
 * started by us, on a port of its own, it can be stopped with the node, and other nodes on the machine
 * never meet ours.
 */
export function epmdServer(use: Use): Server {
  const folder = use.data.folder('rabbitmq');
  return {
    service: 'rabbitmq',
    title: "RabbitMQ's name server (epmd)",
    logFile: use.data.logFile('epmd'),
    folder,
    processNames: TRACES.epmd.processNames,
    stopSignal: TRACES.epmd.stopSignal,
    port: () => use.ports.epmd,
    ports: () => [use.ports.epmd],
    prepare: async () => {},
    launch: () => ({
      command: use.binaries.epmd,
      args: ['-port', String(use.ports.epmd), '-address', '127.0.0.1'],
      env: { PATH: use.path },
      cwd: folder,
    }),
    isReady: () => accepts(use.ports.epmd),
  };
}

const plugins = ['rabbitmq_management', 'rabbitmq_prometheus'];
const protocolPlugins = ['rabbitmq_mqtt', 'rabbitmq_stomp', 'rabbitmq_web_stomp'];

/** RabbitMQ with management and metrics plugins; user `guest`, password `guest`, loopback only. Needs its name server running. */
export function rabbitmqServer(use: Use): Server {
  const folder = use.data.folder('rabbitmq');
  const { ports } = use;
  const logFile = use.data.logFile('rabbitmq');
  return {
    service: 'rabbitmq',
    title: SERVICE_TITLES.rabbitmq,
    logFile,
    folder,
    processNames: TRACES.rabbitmq.processNames,
    stopSignal: TRACES.rabbitmq.stopSignal,
    port: () => ports.amqp,
    ports: () => [
      ports.amqp,
      ports.amqpManagement,
      ports.amqpMetrics,
      ports.erlangDistribution,
      ...(use.protocols ? [ports.mqtt, ports.stomp, ports.webStomp] : []),
    ],
    async prepare() {
      writeFileSync(join(folder, 'advanced.config'), configuration(ports, use.protocols));
      const enabled = use.protocols ? [...plugins, ...protocolPlugins] : plugins;
      writeFileSync(join(folder, 'enabled_plugins'), `[${enabled.join(',')}].\n`);
      // Empty, and named below, so that settings in /etc/rabbitmq do not reach a private node.
      writeFileSync(join(folder, 'rabbitmq-env.conf'), '');
      use.data.folder('rabbitmq/conf.d');
    },
    launch: () => launchOf(use, folder, logFile),
    isReady: () =>
      answersOk(ports.amqpManagement, `/api/health/checks/port-listener/${ports.amqp}`, 'guest:guest'),
  };
}

/** In Erlang terms: translating `rabbitmq.conf` into them would take the node seconds at every start. */
function configuration(ports: Ports, protocols: boolean): string {
  const listener = (port: number) => `[{tcp_config, [{ip, "127.0.0.1"}, {port, ${port}}]}]`;
  return `[
  {rabbit, [
    {tcp_listeners, [{"127.0.0.1", ${ports.amqp}}]},
    {tcp_listen_options, [{backlog, 1024}, {nodelay, true}, {linger, {true, 0}}, {exit_on_close, false}]},
    {vm_memory_high_watermark, {absolute, 2147483648}},
    {disk_free_limit, 50000000}
  ]},
  {rabbitmq_management, ${listener(ports.amqpManagement)}},
  {rabbitmq_prometheus, ${listener(ports.amqpMetrics)}}${protocols ? `,\n${protocolListeners(ports, listener)}` : ''}
].
`;
}

/** An ID that a client gives belongs to one user only where anonymous ones are not let in. */
function protocolListeners(ports: Ports, listener: (port: number) => string): string {
  return `  {rabbitmq_mqtt, [{tcp_listeners, [{"127.0.0.1", ${ports.mqtt}}]}, {allow_anonymous, false}]},
  {rabbitmq_stomp, [{tcp_listeners, [{"127.0.0.1", ${ports.stomp}}]}]},
  {rabbitmq_web_stomp, ${listener(ports.webStomp)}}`;
}

function launchOf(use: Use, folder: string, logFile: string): Launch {
  return {
    command: use.binaries.rabbitmqServer,
    args: [],
    cwd: folder,
    env: {
      PATH: use.path,
      LANG: 'C.UTF-8',
      // The cookie that lets Erlang nodes talk to each other is made here.
      HOME: folder,
      // Without it the script stays as a parent: this way the process we start becomes the server.
      RUNNING_UNDER_SYSTEMD: 'true',
      RABBITMQ_NODENAME: `sluice-${use.data.id}@localhost`,
      RABBITMQ_DIST_PORT: String(use.ports.erlangDistribution),
      ERL_EPMD_PORT: String(use.ports.epmd),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_MNESIA_BASE: join(folder, 'data'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_LOGS: logFile,
      RABBITMQ_PID_FILE: join(folder, 'rabbitmq.pid'),
      RABBITMQ_CONF_ENV_FILE: join(folder, 'rabbitmq-env.conf'),
      RABBITMQ_CONFIG_FILE: join(folder, 'none.conf'),
      RABBITMQ_CONFIG_FILES: join(folder, 'conf.d'),
      RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
      // Erlang's schedulers spin before they sleep; on a machine shared with everything else they should not.
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
        '-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none',
    },
  };
}
