import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { startOwnInstance } from '../instance/own-instance.ts';
import { runBusyHour, saleId } from './busy-hour.ts';
import { type Dashboard, readDashboards } from './dashboard.ts';
import { drawDashboard } from './draw/dashboard.ts';
import { type Recording, recordDashboard } from './recording.ts';

const project = fileURLToPath(new URL('../../../', import.meta.url));
const cli = fileURLToPath(new URL('../../src/cli.js', import.meta.url));

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());

const program = new Command('panel-pictures')
  .description('Runs a short sale on an instance of its own and draws every Grafana dashboard of it as SVG.')
  .option('--rate <orders/s>', 'the crowd; the cap is just below half of it', positive, 4_000)
  .option('--out <folder>', 'where the pictures go', join(project, 'docs/images'))
  .option('--keep <file>', 'what Prometheus said, to draw it again with --from')
  .option('--from <file>', 'draw this, and run nothing')
  .parse();
const options = program.opts<{ rate: number; out: string; keep?: string; from?: string }>();

const dashboards = readDashboards(join(project, 'grafana/dashboards'));
const recordings: Record<string, Recording> = options.from
  ? JSON.parse(readFileSync(options.from, 'utf8'), withGaps)
  : await record(dashboards);
if (options.keep) writeFileSync(options.keep, JSON.stringify(recordings));
mkdirSync(options.out, { recursive: true });
for (const [name, dashboard] of dashboards) {
  const recording = recordings[name];
  if (!recording) continue;
  const file = join(options.out, `dashboard-${name}.svg`);
  writeFileSync(file, drawDashboard(dashboard, recording));
  console.log(file);
}

async function record(all: ReadonlyMap<string, Dashboard>): Promise<Record<string, Recording>> {
  const { signal } = interrupted;
  const logFile = join(tmpdir(), `panel-pictures-${process.pid}.log`);
  const instance = await startOwnInstance({
    cli,
    env: process.env,
    gateways: 1,
    drainers: 2,
    logFile,
    signal,
  });
  try {
    const { gatewayUrl, prometheusUrl } = instance.runFile;
    if (prometheusUrl === undefined) throw new Error('the instance has no Prometheus: install it first');
    const command = { cli, folder: instance.folder, env: process.env };
    const span = await runBusyHour({ command, gatewayUrl, rate: options.rate, signal, say: console.log });
    const recorded = await Promise.all(
      [...all].map(
        async ([name, one]) =>
          [name, await recordDashboard(prometheusUrl, one, span, { sale: saleId })] as const,
      ),
    );
    return Object.fromEntries(recorded);
  } finally {
    await instance.stop();
  }
}

/** JSON has no undefined. */
function withGaps(_key: string, value: unknown): unknown {
  return Array.isArray(value) ? value.map((one) => one ?? undefined) : value;
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('it must be a whole number from 1 up');
  return Number(text);
}
