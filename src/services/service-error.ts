import type { ServiceName } from './service-name.ts';

/**
 * - `service-start-failed`: a server was launched, or could not be, and is not ready; `service` and `logFile` say which and where to read on.
 * - `service-binaries-missing`: servers are not installed here and Sluice may not install them; the message holds the commands.
 * - `service-install-failed`: `apt-get` failed; `logFile` is its output.
 * - `data-folder-in-use`: another living process runs the servers of this data folder.
 * - `data-folder-unusable`: it cannot be created or written.
 * - `service-stopped`: `stop` was called before the start was complete.
 */
export type ServiceErrorCode =
  | 'service-start-failed'
  | 'service-binaries-missing'
  | 'service-install-failed'
  | 'data-folder-in-use'
  | 'data-folder-unusable'
  | 'service-stopped';

export class ServiceError extends Error {
  readonly code: ServiceErrorCode;
  readonly service: ServiceName | undefined;
  readonly logFile: string | undefined;

  constructor(
    code: ServiceErrorCode,
    message: string,
    about: { service?: ServiceName; logFile?: string; cause?: unknown } = {},
  ) {
    super(message, about.cause === undefined ? {} : { cause: about.cause });
    this.name = 'ServiceError';
    this.code = code;
    this.service = about.service;
    this.logFile = about.logFile;
  }
}
