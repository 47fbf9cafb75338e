import { type Command, CommanderError } from 'commander';

const exitCodes = { passed: 0, failed: 1, wrongUsage: 2, interrupted: 130 } as const;

/**
 * Runs a benchmark's command line to its end and resolves with the exit code. SIGINT and SIGTERM abort the signal
 * that `work` gets.
 *
 * @param work resolves with whether all is well
 */
export async function runBench<Options extends object>(
  program: Command,
  args: readonly string[],
  work: (options: Options, signal: AbortSignal) => Promise<boolean>,
): Promise<number> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => interrupted.abort(new Error('interrupted')));
  try {
    const options = program.exitOverride().parse(args, { from: 'user' }).opts<Options>();
    return (await work(options, interrupted.signal)) ? exitCodes.passed : exitCodes.failed;
  } catch (error) {
    // commander has already said what is wrong, or shown its help.
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.passed : exitCodes.wrongUsage;
    if (interrupted.signal.aborted) return exitCodes.interrupted;
    console.error(error);
    return exitCodes.failed;
  }
}
