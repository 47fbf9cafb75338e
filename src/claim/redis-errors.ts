import { type OrderError, orderError } from '../order/errors.ts';

/**
 * Error codes (the first word of an error reply, which is Redis' protocol) with which the server refuses a
 * command or a script before it has written anything.
 */
const refusals = new Set([
  'LOADING',
  'OOM',
  'READONLY',
  'MISCONF',
  'MASTERDOWN',
  'NOREPLICAS',
  'BUSY',
  'CLUSTERDOWN',
  'TRYAGAIN',
  'MOVED',
  'ASK',
  'NOAUTH',
  'NOPERM',
  'WRONGPASS',
  'NOSCRIPT',
]);

/** The code of an error reply, `undefined` for errors that are not the server's. */
export function replyCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined;
  return error.message.split(' ', 1)[0];
}

/**
 * What an error of a command that was sent means to callers: refused, so nothing was written, or anything else
 * (no answer in time, connection lost, a script that stopped half way), so something may have been.
 */
export function sentCommandError(error: unknown): OrderError {
  const code = replyCode(error);
  if (code !== undefined && refusals.has(code)) {
    return orderError('claims-unavailable', `Redis refused: ${code}`, { cause: error });
  }
  return orderError('claims-timeout', 'Redis did not answer', { cause: error });
}
