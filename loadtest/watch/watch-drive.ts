import type { Drive } from '../driver/open-loop.ts';
import type { DriveResult } from '../driver/recorder.ts';
import { createLiveLine, formatLiveLine } from './live-line.ts';
import type { createProcessWatch } from './process-watch.ts';
import type { Sampler } from './sampler.ts';
import { waitForDrain } from './wait-for-drain.ts';

/**
 * Samples the instance each second and shows how the drive goes, until its backlog has drained.
 * @throws the signal's reason if it was aborted.
 */
export async function watchDrive(
  drive: Drive,
  sampler: Sampler,
  processWatch: ReturnType<typeof createProcessWatch>,
  { output, signal }: { readonly output: NodeJS.WriteStream; readonly signal: AbortSignal },
): Promise<{ result: DriveResult; drained: boolean }> {
  const line = createLiveLine(output);
  const show = () => line.show(formatLiveLine(drive.snapshot(), sampler.latest()));
  let sampling: Promise<unknown> | undefined;
  const timer = setInterval(() => {
    sampling ??= sampler
      .sample()
      .catch(() => undefined)
      .finally(() => {
        sampling = undefined;
      });
    show();
  }, 1_000);
  try {
    const result = await drive.done;
    clearInterval(timer);
    // What is held while the backlog drains is another story.
    await processWatch.stop();
    await sampling;
    signal.throwIfAborted();
    const drained = await waitForDrain({ sample: sampler.sample, onSample: show, signal });
    return { result, drained };
  } finally {
    clearInterval(timer);
    await processWatch.stop();
    line.end();
  }
}
