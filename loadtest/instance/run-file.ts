import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a running instance says of itself in `.sluice/run.json`; the fields that a load test needs. */
export interface RunFile {
  readonly gatewayUrl: string;
  readonly opsUrl: string;
  readonly databaseUrl?: string;
  readonly amqpUrl?: string;
  readonly amqpManagementUrl?: string;
  readonly prometheusUrl?: string;
  readonly processes: readonly RunningProcess[];
  readonly services: readonly RunningService[];
}

export interface RunningProcess {
  readonly role: string;
  readonly pid: number;
  readonly metricsUrl: string;
}

export interface RunningService {
  readonly name: string;
  readonly pid: number;
}

/** Reads `folder/.sluice/run.json`; undefined if there is none, or it is not complete. */
export async function readRunFile(folder: string): Promise<RunFile | undefined> {
  try {
    const parsed = JSON.parse(await readFile(join(folder, '.sluice', 'run.json'), 'utf8'));
    if (typeof parsed?.gatewayUrl !== 'string' || typeof parsed?.opsUrl !== 'string') return undefined;
    return { processes: [], services: [], ...parsed };
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether something answers at `url` within a second, with any status. */
export async function answers(url: string | URL): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}
