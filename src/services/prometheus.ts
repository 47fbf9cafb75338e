import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataFolder } from './data-folder.ts';
import { TRACES } from './leftovers.ts';
import { answersOk } from './readiness.ts';
import type { Server } from './server.ts';
import { type Ports, SERVICE_TITLES } from './service-name.ts';

interface Use {
  data: DataFolder;
  ports: Ports;
  binary: string;
  path: string;
  /** File service discovery: a JSON list of `{ targets, labels }`; created empty where it is missing. */
  targetsFile: string;
  ruleFiles: readonly string[];
  scrapeRabbitmq: boolean;
}

/** Prometheus that scrapes the processes in the targets file, and RabbitMQ, once a second: a sale may be over in a minute. */
export function prometheusServer(use: Use): Server {
  const folder = use.data.folder('prometheus');
  const configFile = join(folder, 'prometheus.yml');
  return {
    service: 'prometheus',
    title: SERVICE_TITLES.prometheus,
    logFile: use.data.logFile('prometheus'),
    folder,
    processNames: TRACES.prometheus.processNames,
    stopSignal: TRACES.prometheus.stopSignal,
    port: () => use.ports.prometheus,
    ports: () => [use.ports.prometheus],
    async prepare() {
      if (!existsSync(use.targetsFile)) writeFileSync(use.targetsFile, '[]\n');
      // JSON is YAML.
      writeFileSync(configFile, `${JSON.stringify(configuration(use), null, 2)}\n`);
    },
    launch: () => ({
      command: use.binary,
      args: [
        `--config.file=${configFile}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        '--storage.tsdb.retention.size=1GB',
        `--web.listen-address=127.0.0.1:${use.ports.prometheus}`,
      ],
      env: { PATH: use.path, TZ: 'UTC' },
      cwd: folder,
    }),
    isReady: () => answersOk(use.ports.prometheus, '/-/ready'),
  };
}

function configuration(use: Use): object {
  const rabbitmq = { static_configs: [{ targets: [`127.0.0.1:${use.ports.amqpMetrics}`] }] };
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: use.ruleFiles,
    scrape_configs: [
      {
        job_name: 'sluice',
        file_sd_configs: [{ files: [use.targetsFile], refresh_interval: '5s' }],
      },
      ...(use.scrapeRabbitmq
        ? [
            { job_name: 'rabbitmq', scrape_interval: '5s', ...rabbitmq },
            {
              job_name: 'rabbitmq-queues',
              scrape_interval: '5s',
              metrics_path: '/metrics/detailed',
              params: { family: ['queue_coarse_metrics', 'queue_consumer_count'] },
              ...rabbitmq,
            },
          ]
        : []),
    ],
  };
}
