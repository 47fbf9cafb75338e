import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

/** JSON lines on standard error, with the role on every line; secrets never reach it (see config). */
export function createLogger(role: string, level: string, destination?: DestinationStream): Logger {
  return pino(
    { level, base: { role, pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    destination ?? pino.destination(2),
  );
}
