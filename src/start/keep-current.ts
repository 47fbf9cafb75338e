/**
 * Keeps a file current for its readers: the result is to be called after each change, and never throws. A write that
 * fails is said, and tried again until it works: the next change may be hours away, and a full disk is no reason to
 * end what runs.
 */
export function keepCurrent(use: {
  /** How people call the file. */
  readonly what: string;
  /** Writes what is true now; throws where it can't. */
  readonly write: () => void;
  readonly log: (line: string) => void;
  /** Ends it: nothing is written, or said, after that. */
  readonly signal?: AbortSignal;
  /** Default 5,000. */
  readonly retryMs?: number;
}): () => void {
  const { what, write, log, signal, retryMs = 5_000 } = use;
  let failing = false;
  let timer: NodeJS.Timeout | undefined;

  function changed(): void {
    clearTimeout(timer);
    if (signal?.aborted) return;
    try {
      write();
    } catch (error) {
      const why = (error as Error).message;
      if (!failing) log(`${what} cannot be kept current: ${why}; trying again every ${retryMs / 1_000} s`);
      failing = true;
      timer = setTimeout(changed, retryMs).unref();
      return;
    }
    if (failing) log(`${what} is current again`);
    failing = false;
  }

  return changed;
}
