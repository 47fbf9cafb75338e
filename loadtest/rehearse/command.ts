import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { faults } from './faults/index.ts';
import { RehearseUsageError, type RehearseWords, settle } from './options.ts';
import { rehearse } from './rehearsal.ts';
import { renderRehearsal } from './report.ts';
import { formatResult } from './table.ts';
import type { RehearseWorld } from './world.ts';

const EXIT_GO = 0;
const EXIT_NO_GO = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

/**
 * `sluice rehearse`. Resolves with the exit code: 0 GO, 1 NO-GO or a rehearsal that could not be held, 2 bad usage,
 * 130 interrupted.
 */
export async function rehearseCommand(words: RehearseWords, world: RehearseWorld): Promise<number> {
  const { env, stdout, stderr, signal } = world;
  if (words.list) {
    stdout.write(`${listFaults()}\n`);
    return EXIT_GO;
  }
  const progress = words.json ? stderr : stdout;
  const say = (line: string) => void progress.write(`${line}\n`);
  let folder: string | undefined;
  let keep = words.folder !== undefined;
  try {
    const settings = settle(words, faults, env);
    folder = words.folder === undefined ? await temporaryFolder() : resolve(words.folder);
    await mkdir(folder, { recursive: true });
    const result = await rehearse(settings, {
      ...world,
      folder,
      runId: randomBytes(3).toString('hex'),
      ...(words.resume === undefined ? {} : { resumeFile: resolve(words.resume) }),
      say,
    });
    if (words.report !== undefined) await writeReport(resolve(words.report), result, say);
    say(formatResult(result));
    if (words.json) stdout.write(`${JSON.stringify(result)}\n`);
    keep ||= !result.go;
    return result.go ? EXIT_GO : EXIT_NO_GO;
  } catch (error) {
    if (signal.aborted) {
      say('interrupted');
      return EXIT_INTERRUPTED;
    }
    stderr.write(`sluice rehearse: ${(error as Error).message}\n`);
    keep ||= !(error instanceof RehearseUsageError);
    return error instanceof RehearseUsageError ? EXIT_USAGE : EXIT_NO_GO;
  } finally {
    if (folder !== undefined && keep) say(`logs: ${folder}`);
    else if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function writeReport(
  file: string,
  result: Awaited<ReturnType<typeof rehearse>>,
  say: (line: string) => void,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, await renderRehearsal(result));
  say(`report: ${file}`);
}

/** Never the folder of a running instance. Passable: private PostgreSQL runs as a user of its own under root. */
async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'sluice-rehearsal-'));
  await chmod(folder, 0o711);
  return folder;
}

function listFaults(): string {
  const width = Math.max(...faults.map(({ name }) => name.length));
  return faults
    .map(({ name, strikes, summary }) => `${name.padEnd(width)}  ${String(strikes).padStart(4)}  ${summary}`)
    .join('\n');
}
