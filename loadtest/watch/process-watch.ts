import type { RunFile } from '../instance/run-file.ts';
import { establishedSockets, holdingsOf } from './process-holdings.ts';
import { usageOf } from './process-usage.ts';

/** What one process held, over the run. */
export interface ProcessSeries {
  /** As in `gateway 2`. */
  readonly name: string;
  readonly pid: number;
  /** `role`: of Sluice itself; `service`: a server it uses. */
  readonly kind: 'role' | 'service';
  readonly points: readonly ProcessPoint[];
}

export interface ProcessPoint {
  readonly second: number;
  readonly rssBytes: number;
  /** Absent where they belong to somebody else. */
  readonly descriptors?: number;
  readonly connections?: number;
}

/** Notes every five seconds what each process of the instance holds. A process that started again is a new one. */
export function createProcessWatch(options: {
  readonly runFile: () => Promise<RunFile | undefined>;
  readonly elapsedSeconds: () => number;
}) {
  const series = new Map<string, ProcessSeries & { points: ProcessPoint[] }>();

  async function look(): Promise<void> {
    const file = await options.runFile();
    const established = await establishedSockets();
    for (const { name, pid, kind } of file ? named(file) : []) {
      const [usage, holdings] = await Promise.all([usageOf(pid), holdingsOf(pid, established)]);
      if (usage === undefined) continue;
      const key = `${name} ${pid}`;
      const known = series.get(key) ?? { name, pid, kind, points: [] };
      series.set(key, known);
      known.points.push({ second: options.elapsedSeconds(), rssBytes: usage.rssBytes, ...holdings });
    }
  }

  let looking: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  return {
    start(): void {
      timer = setInterval(() => {
        looking ??= look()
          .catch(() => undefined)
          .finally(() => {
            looking = undefined;
          });
      }, everyMs);
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      await looking;
    },
    series: (): readonly ProcessSeries[] => [...series.values()],
  };
}

const everyMs = 5_000;

function named({
  processes,
  services,
}: RunFile): { name: string; pid: number; kind: ProcessSeries['kind'] }[] {
  const roles = processes.map(({ role, pid }, index) => {
    const same = processes.filter((process) => process.role === role);
    const place = processes.slice(0, index + 1).filter((process) => process.role === role).length;
    return { name: same.length > 1 ? `${role} ${place}` : role, pid, kind: 'role' as const };
  });
  return [...roles, ...services.map(({ name, pid }) => ({ name, pid, kind: 'service' as const }))];
}
