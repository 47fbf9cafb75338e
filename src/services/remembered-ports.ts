import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, isPortFree } from '../platform/free-port.ts';
import { PORTS_OF, type Ports, type ServiceName } from './service-name.ts';

export interface PortChoice {
  /** A port for every name, of running services and others alike. */
  readonly ports: Ports;
  /** Chooses other numbers for the ports of one service, except those that were fixed, and remembers them. */
  renew(service: ServiceName): Promise<void>;
}

/**
 * The ports of a data folder: the fixed ones as given, the others as they were last time if nobody listens
 * there now, else free ones. Remembered in `ports.json`, so that URLs noted down stay right.
 */
export async function choosePorts(
  dataDir: string,
  fixed: Partial<Ports>,
  log: (line: string) => void,
): Promise<PortChoice> {
  const file = join(dataDir, 'ports.json');
  const remembered = rememberedPorts(dataDir);
  const ports = { ...fixed } as Ports;
  const taken = () => new Set(Object.values(ports));
  for (const name of Object.values(PORTS_OF).flat()) {
    if (fixed[name] !== undefined) continue;
    const last = remembered[name];
    if (last !== undefined && !taken().has(last) && (await isPortFree(last))) {
      ports[name] = last;
      continue;
    }
    ports[name] = await freePort(taken());
    if (last !== undefined) log(`port ${last} (${name}) is taken by now; using ${ports[name]}`);
  }
  const remember = () => {
    writeFileSync(`${file}.new`, `${JSON.stringify(ports, null, 2)}\n`);
    renameSync(`${file}.new`, file);
  };
  remember();
  return {
    ports,
    async renew(service) {
      for (const name of PORTS_OF[service]) {
        if (fixed[name] === undefined) ports[name] = await freePort(taken());
      }
      remember();
    },
  };
}

/** The ports that a data folder had last time; none where it had none. */
export function rememberedPorts(dataDir: string): Partial<Ports> {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(dataDir, 'ports.json'), 'utf8'));
    if (typeof parsed !== 'object' || parsed === null) return {};
    const entries = Object.entries(parsed).filter(
      ([, port]) => Number.isInteger(port) && port > 0 && port < 65_536,
    );
    return Object.fromEntries(entries);
  } catch {
    return {};
  }
}
