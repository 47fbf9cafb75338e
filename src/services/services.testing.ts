import { chmodSync, existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, inject } from 'vitest';
import '../../test/support/services.ts';
import { TRACES } from './leftovers.ts';
import { processesIn } from './processes.ts';
import { answers } from './readiness.ts';
import { createServices, type ServicesOptions } from './services.ts';

/** Servers and folders for the tests of a file, stopped and removed after each; so is what is put into `cleanups`. */
export function useServices() {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  });

  /** Below the folder of the test run, so that what a killed run leaves is cleared up by the next. */
  function newDataDir(): string {
    const dataDir = mkdtempSync(join(inject('servicesDir'), 'stack-'));
    // Else the database would move out of the reach of that.
    chmodSync(dataDir, 0o711);
    cleanups.push(() => rmSync(dataDir, { recursive: true, force: true }));
    return dataDir;
  }

  function servicesIn(dataDir: string, options: Partial<ServicesOptions> = {}) {
    const lines: string[] = [];
    const services = createServices({ dataDir, log: (line) => void lines.push(line), ...options });
    cleanups.push(() => services.stop(0));
    return { services, lines };
  }

  return { cleanups, newDataDir, servicesIn };
}

/** Whatever runs on the data of a folder. */
export function allProcesses(dataDir: string): number[] {
  return Object.values(TRACES).flatMap((trace) => {
    const folder = join(dataDir, trace.folder);
    return existsSync(folder) ? processesIn(realpathSync(folder), trace.processNames) : [];
  });
}

export async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

export const redisSays = (url: string, command: string, answer: string) =>
  answers(Number(new URL(url).port), `${command}\r\n`, (got) => got.toString() === answer);
