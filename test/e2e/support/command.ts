import { execFile } from 'node:child_process';
import { settings } from '../../../src/platform/config/settings.ts';
import { builtCommand } from '../../support/build.ts';

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Environment = Readonly<Record<string, string>>;

/** This process' environment without any setting of Sluice, and with these. */
export function environmentWith(environment: Environment): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !(name in settings));
  return { ...Object.fromEntries(own), ...environment };
}

/** Runs `sluice …` in a folder to its end. */
export async function sluice(
  args: readonly string[],
  { cwd, env = {}, timeoutMs = 60_000 }: { cwd: string; env?: Environment; timeoutMs?: number },
): Promise<Ended> {
  const command = await builtCommand();
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [command, ...args],
      { cwd, env: environmentWith(env), timeout: timeoutMs, maxBuffer: 64_000_000 },
      (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') reject(error);
        else resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
      },
    );
  });
}
