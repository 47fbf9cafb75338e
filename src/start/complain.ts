import { redactSecrets } from '../platform/redact.ts';

/** Runs a command; what goes wrong becomes one clear message on standard error and exit code 1. */
export async function complain(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    console.error(`sluice: ${redactSecrets(messageOf(error))}`);
    process.exitCode = 1;
    // A part that hangs on to a connection must not keep a failed command alive.
    setTimeout(() => process.exit(1), 1_000).unref();
  }
}

/** An expected failure (it has a code) is its message; anything else is a fault of ours and shows its stack. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const expected = 'code' in error || error instanceof RangeError;
  if (!expected) return error.stack ?? error.message;
  const { cause } = error;
  return cause instanceof Error && cause.message
    ? `${error.message}\n  because: ${cause.message}`
    : error.message;
}
