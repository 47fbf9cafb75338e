import type { Config } from '../platform/config/config.ts';
import { freePort, isPortFree } from '../platform/free-port.ts';

/** The port that was asked for, or, where nobody asked and the default is taken, a free one. */
export async function choosePort(
  name: 'PORT' | 'OPS_PORT',
  config: Config,
  log: (line: string) => void,
  ...others: number[]
): Promise<number> {
  const wanted = config[name];
  if (wanted === 0) return freePort(new Set(others));
  if (await isPortFree(wanted)) return wanted;
  if (config.isSet(name)) {
    throw Object.assign(
      new Error(`${name} ${wanted} is taken by another process: free it, or set another ${name}`),
      {
        code: 'port-taken',
      },
    );
  }
  const free = await freePort(new Set([wanted, ...others]));
  log(`port ${wanted} is taken: ${name === 'PORT' ? 'shoppers' : 'ops'} are served on ${free} instead`);
  return free;
}
