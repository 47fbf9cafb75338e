import { type ChildPart, startChild } from '../child.ts';
import type { LoadOptions, LoadResult } from './closed-loop.ts';
import { runClosedLoop } from './closed-loop.ts';

interface Edge {
  readonly type: 'window';
  readonly edge: 'start' | 'end';
}

/** The part that the generator's own process runs: one closed loop, then it ends. */
export const loadPart: ChildPart<LoadOptions> = async (options, send) => {
  // Without the bench there is nobody to load for.
  process.once('disconnect', () => process.exit());
  const result = await runClosedLoop(options, (edge) => send({ type: 'window', edge } satisfies Edge));
  send({ type: 'result', result });
  return { stop: async () => {} };
};

/**
 * Runs a closed loop in a process of its own. `onWindow` is called with the generator's pid at both edges of the
 * measured window.
 * @throws when the load broke, or the reason of `signal`
 */
export async function runLoad(
  options: LoadOptions,
  onWindow: (edge: 'start' | 'end', pid: number) => void,
  signal: AbortSignal,
): Promise<LoadResult> {
  signal.throwIfAborted();
  let result: LoadResult | undefined;
  const child = startChild('load', options, (message) => {
    const told = message as Edge | { type: 'result'; result: LoadResult };
    if (told.type === 'window') onWindow(told.edge, child.pid);
    else result = told.result;
  });
  const abort = () => void child.stop();
  signal.addEventListener('abort', abort, { once: true });
  try {
    // It is "ready" when its one run is over.
    await child.ready;
    return result!;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
    await child.stop();
  }
}
