import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Settings } from './options.ts';
import type { ActResult } from './result.ts';

/** The finished acts of rehearsals that were cut short, by what their plans follow from. */
type Unfinished = Readonly<Record<string, readonly ActResult[]>>;

/** Keeps the acts of one rehearsal in a file, beside those of others. Without a file it keeps nothing. */
export interface Progress {
  /** The acts that a rehearsal with this plan had finished. */
  readonly read: () => Promise<readonly ActResult[]>;
  readonly write: (acts: readonly ActResult[]) => Promise<void>;
  /** The rehearsal is over: the next one with this plan starts anew. */
  readonly forget: () => Promise<void>;
}

export function keepProgress(file: string | undefined, settings: Settings): Progress {
  const { seed, faults, length, ordersPerSecond, full } = settings;
  const key = JSON.stringify({ seed, faults: faults.map(({ name }) => name), length, ordersPerSecond, full });

  async function change(acts: readonly ActResult[] | undefined): Promise<void> {
    if (file === undefined) return;
    const { [key]: _, ...others } = await readAll(file);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.next`, JSON.stringify(acts ? { ...others, [key]: acts } : others));
    await rename(`${file}.next`, file);
  }

  return {
    read: async () => (file === undefined ? [] : ((await readAll(file))[key] ?? [])),
    write: (acts) => change(acts),
    forget: () => change(undefined),
  };
}

async function readAll(file: string): Promise<Unfinished> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Unfinished;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
