import { cpus, release, totalmem, type } from 'node:os';

/** The machine that a result was measured on. Load and server shared it where the targets are loopback. */
export interface Environment {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  /** Processes that wanted to run, over the minute before the run: above half the cores others were at work. */
  readonly loadAverage?: number;
}

/** @param loadAverage of the minute before the load began */
export function readEnvironment(loadAverage?: number): Environment {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    kernel: `${type()} ${release()}`,
    node: process.version,
    ...(loadAverage === undefined ? {} : { loadAverage: Math.round(loadAverage * 100) / 100 }),
  };
}

/** The same in a line. */
export function describeMachine(): string {
  const { cpu, cores, memoryGiB, node } = readEnvironment();
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}`;
}
