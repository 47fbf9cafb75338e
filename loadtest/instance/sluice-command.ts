import { spawn } from 'node:child_process';

/** Where `sluice` commands run: the compiled CLI, the folder of the instance, the environment. */
export interface SluiceCommand {
  /** Path of the compiled `src/cli.js`. */
  readonly cli: string;
  /** The folder whose `.sluice/run.json` names the instance. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

export interface CommandResult {
  /** 0 for success; 128 and more where a signal ended it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `sluice` command that had to work, and did not. */
export class SluiceCommandError extends Error {
  readonly code = 'SLUICE_COMMAND_FAILED';
}

/** Runs `sluice ...args` to its end, for `timeoutMs` at most. Never throws for an exit code. */
export async function runSluice(
  { cli, folder, env }: SluiceCommand,
  args: readonly string[],
  timeoutMs = 60_000,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...args], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode: exitCode ?? 128, stdout, stderr }));
  });
}

/** @throws {SluiceCommandError} with what the command said, if it did not succeed. */
export async function mustRunSluice(command: SluiceCommand, args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runSluice(command, args);
  if (exitCode === 0) return stdout;
  const said = (stderr.trim() || stdout.trim()).split('\n').slice(-5).join('\n');
  throw new SluiceCommandError(`sluice ${args.join(' ')} ended with ${exitCode}: ${said}`);
}
