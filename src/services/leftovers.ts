import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { processesIn, stopProcesses } from './processes.ts';
import { SERVICE_NAMES, SERVICE_TITLES, type ServiceName } from './service-name.ts';

interface Trace {
  /** Where the servers work, below the data folder. */
  readonly folder: string;
  readonly processNames: readonly string[];
  readonly stopSignal: NodeJS.Signals;
}

/** How the processes of each server are recognised and asked to stop. */
export const TRACES: Record<ServiceName | 'epmd', Trace> = {
  // Fast shutdown: SIGTERM would wait for clients to leave.
  postgres: { folder: 'postgres/data', processNames: ['postgres'], stopSignal: 'SIGINT' },
  rabbitmq: {
    folder: 'rabbitmq',
    processNames: ['beam.smp', 'erl_child_setup', 'inet_gethost'],
    stopSignal: 'SIGTERM',
  },
  epmd: { folder: 'rabbitmq', processNames: ['epmd'], stopSignal: 'SIGTERM' },
  redis: { folder: 'redis', processNames: ['redis-server'], stopSignal: 'SIGTERM' },
  prometheus: { folder: 'prometheus', processNames: ['prometheus'], stopSignal: 'SIGTERM' },
};

// Long enough for each to close its files. What RabbitMQ does after that in its five more seconds
// is of no use to the next start.
const GRACE_MS = 1500;

/**
 * Stops the servers of a data folder whose starter was killed. Only for a folder that no living process
 * holds. Nothing else is touched: not a server of another folder, nor a shell that stands in this one.
 */
export async function stopLeftovers(dataDir: string, log: (line: string) => void): Promise<void> {
  const stopped = [...SERVICE_NAMES, 'epmd' as const].map(async (name) => {
    const trace = TRACES[name];
    const folder = join(dataDir, trace.folder);
    if (!existsSync(folder)) return;
    const list = () => processesIn(realpathSync(folder), trace.processNames);
    const found = list();
    if (found.length === 0) return;
    if (name !== 'epmd')
      log(`stopping ${SERVICE_TITLES[name]} (pid ${found[0]}) that an earlier run left behind`);
    await stopProcesses(list, trace.stopSignal, GRACE_MS);
  });
  await Promise.all(stopped);
}
