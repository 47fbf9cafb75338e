import { type DestinationStream, type Logger, pino } from 'pino';
import { redactSecrets } from './redact.ts';

export type { Logger };

const secretFields = ['authorization', 'cookie', '["set-cookie"]', 'password', 'adminToken'];

/**
 * JSON lines on standard error, with the role on every line.
 *
 * Secrets never reach it: neither by a field's name, nor in the text of an error (passwords of URLs, tokens), nor as
 * the arguments of a Redis command, which ioredis attaches to its errors: those of AUTH are the password.
 */
export function createLogger(role: string, level: string, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { role, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: [
          ...secretFields.flatMap((field) =>
            field.startsWith('[')
              ? [field, `*${field}`, `*.headers${field}`]
              : [field, `*.${field}`, `*.headers.${field}`],
          ),
          'err.command.args',
          'err.cause.command.args',
        ],
        censor: '***',
      },
      serializers: { err: pino.stdSerializers.errWithCause },
      hooks: { streamWrite: redactSecrets },
    },
    destination ?? pino.destination(2),
  );
}
