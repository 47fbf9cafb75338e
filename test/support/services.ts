import { chmodSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { holderOf } from '../../src/services/data-folder.ts';
import { stopLeftovers } from '../../src/services/leftovers.ts';
import { createServices, type ServiceUrls } from '../../src/services/services.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    services: ServiceUrls;
    /** Stacks keep their folders in here, as `stack-…`. */
    servicesDir: string;
  }
}

const PREFIX = 'sluice-test-';

/** One private PostgreSQL, RabbitMQ, Redis and Prometheus for the whole run: `inject('services')`. Gone afterwards, with their data. */
export default async function setup({ provide }: Pick<TestProject, 'provide'>): Promise<() => Promise<void>> {
  await removeLeftovers();
  const dataDir = mkdtempSync(join(realpathSync(tmpdir()), PREFIX));
  chmodSync(dataDir, 0o711);
  const lines: string[] = [];
  const services = createServices({
    dataDir,
    log: (line) => void lines.push(line),
    prometheusRuleFiles: [join(import.meta.dirname, '../../grafana/prometheus/rules.yml')],
  });
  const teardown = async () => {
    // Nobody will read this data again: no need for a clean shutdown, of which RabbitMQ's takes six seconds.
    await services.stop(0);
    await remove(dataDir);
  };
  try {
    provide('services', await services.start());
    provide('servicesDir', dataDir);
  } catch (error) {
    console.error(lines.join('\n'));
    await teardown();
    throw error;
  }
  return teardown;
}

/** A run that was killed had no chance to clean up: the next one does it, past what living runs hold. */
async function removeLeftovers(): Promise<void> {
  const home = realpathSync(tmpdir());
  for (const name of readdirSync(home).filter((entry) => entry.startsWith(PREFIX))) {
    const dataDir = join(home, name);
    const ageMs = Date.now() - (statSync(dataDir, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (holderOf(dataDir) !== undefined || ageMs < YOUNG_MS) continue;
    await remove(dataDir);
  }
}

/** Stops what still runs in the folder, and in those of stacks that were not closed, and deletes it. */
async function remove(dataDir: string): Promise<void> {
  const stacks = readdirSync(dataDir).filter((entry) => entry.startsWith('stack-'));
  for (const folder of [dataDir, ...stacks.map((entry) => join(dataDir, entry))]) {
    await stopLeftovers(folder, () => {});
  }
  rmSync(dataDir, { recursive: true, force: true });
}

/** A folder younger than this may belong to a run that has not taken hold of it yet. */
const YOUNG_MS = 10_000;
