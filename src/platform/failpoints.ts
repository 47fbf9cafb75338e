/** The points between claim and ack at which a process can be made to die, for crash tests. */
export const failpointNames = [
  'claim-publish',
  'publish-confirm',
  'confirm-accept',
  'commit-settle',
  'settle-ack',
] as const;
export type Failpoint = (typeof failpointNames)[number];

/** Called at each named point; kills the process there when the test asked for it. */
export type HitFailpoint = (point: Failpoint) => void;

/**
 * @param text `SLUICE_FAILPOINT`: `name` or `name:N` (die at the N-th hit, 1 by default); unset: no failpoint.
 */
export function createFailpoints(text: string | undefined = process.env.SLUICE_FAILPOINT): HitFailpoint {
  if (!text) return () => {};
  const [name, count = '1'] = text.split(':');
  if (!failpointNames.includes(name as Failpoint)) {
    throw new RangeError(
      `SLUICE_FAILPOINT must be one of ${failpointNames.join(', ')} (is ${JSON.stringify(name)})`,
    );
  }
  if (!/^[1-9]\d{0,8}$/.test(count)) {
    throw new RangeError(`SLUICE_FAILPOINT counts hits from 1 (is ${JSON.stringify(text)})`);
  }
  let left = Number(count);
  return (point) => {
    if (point !== name || --left !== 0) return;
    process.kill(process.pid, 'SIGKILL');
    // SIGKILL arrives asynchronously to this thread's next turn; nothing after this line may run.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };
}
