import type { Launch } from './launch.ts';
import type { ServiceName } from './service-name.ts';

/** What differs from server to server; `createRunner` does with it what is the same for all. */
export interface Server {
  readonly service: ServiceName;
  /** As people read it in a log line. */
  readonly title: string;
  readonly logFile: string;
  /** Working directory of the server and its children, and of nothing else with one of these process names. */
  readonly folder: string;
  readonly processNames: readonly string[];
  readonly stopSignal: NodeJS.Signals;
  /** The port it is known by, for log lines. */
  port(): number;
  /** All ports it must be able to listen on. */
  ports(): readonly number[];
  /** Brings files into the state in which the server can start; called before each start, when none of its processes is left. */
  prepare(signal: AbortSignal): Promise<void>;
  launch(): Launch;
  isReady(): Promise<boolean>;
}
