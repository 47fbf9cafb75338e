import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Settings } from './options.ts';
import type { ActResult } from './result.ts';

/** The finished acts of rehearsals that were cut short. */
interface Unfinished {
  /** Which build was rehearsed: what another one withstood says nothing of this one. */
  readonly build: string;
  /** By what their plans, and the instance they ran on, follow from. */
  readonly acts: Readonly<Record<string, readonly ActResult[]>>;
}

/** Keeps the acts of one rehearsal in a file, beside those of others of the same build. */
export interface Progress {
  /** The acts that a rehearsal of this build with this plan had finished. */
  readonly read: () => Promise<readonly ActResult[]>;
  /** Forgets what is there of other builds. */
  readonly write: (acts: readonly ActResult[]) => Promise<void>;
  /** The rehearsal is over: the next one with this plan starts anew. */
  readonly forget: () => Promise<void>;
}

/** Without a file it keeps nothing. */
export const noProgress: Progress = {
  read: async () => [],
  write: async () => undefined,
  forget: async () => undefined,
};

export function keepProgress(file: string, settings: Settings, build: string): Progress {
  const { seed, faults, length, ordersPerSecond, full, gateways, drainers, given } = settings;
  const key = JSON.stringify({
    seed,
    faults: faults.map(({ name }) => name),
    length,
    ordersPerSecond,
    full,
    gateways,
    drainers,
    privateServices: given === undefined,
  });

  async function readAll(): Promise<Unfinished['acts']> {
    const kept = await readUnfinished(file);
    return kept?.build === build ? kept.acts : {};
  }

  async function change(acts: readonly ActResult[] | undefined): Promise<void> {
    const { [key]: _, ...others } = await readAll();
    const unfinished: Unfinished = { build, acts: acts ? { ...others, [key]: acts } : others };
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.next`, JSON.stringify(unfinished));
    await rename(`${file}.next`, file);
  }

  return {
    read: async () => (await readAll())[key] ?? [],
    write: (acts) => change(acts),
    forget: () => change(undefined),
  };
}

async function readUnfinished(file: string): Promise<Unfinished | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Unfinished;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
