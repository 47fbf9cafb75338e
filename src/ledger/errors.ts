import pg from 'pg';
import { isOrderError, type OrderError, type OrderErrorCode, orderError } from '../order/errors.ts';

/**
 * SQLSTATE (or its class, the first two characters) → whose fault it is. The longest match counts; what is not
 * here is `server`: holding a batch loses nothing, dead-lettering a good order does.
 *
 * `data`: these values can't be written, now or later. `server`: the same statement may well succeed later.
 */
const faults: Readonly<Record<string, 'data' | 'server'>> = {
  '22': 'data', // out of range, invalid text representation, …
  '23': 'data', // not null, check, exclusion, foreign key
  '23505': 'server', // unique: another writer was faster; the repeat recognises its row
  P0001: 'data', // RAISE in a trigger on our tables: a rule of the shop's own refuses the row
  '54000': 'data', // a value too long for its index
  '08': 'server', // connection
  '25006': 'server', // read-only: a replica that is being promoted
  '28': 'server', // authorisation: no order can cause or cure it
  '3D000': 'server', // the database does not exist (yet)
  '40': 'server', // serialisation failure, deadlock
  '42': 'server', // a missing table or function: migrations have not run; no order is to blame
  '53': 'server', // out of connections, memory, disk
  '55P03': 'server', // lock_timeout
  '57': 'server', // statement_timeout, shutdown, crash recovery
  '58': 'server', // I/O error
  XX: 'server', // internal error
};

/** Whether the values in the statement are at fault. */
function isDataFault(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError) || error.code === undefined) return false;
  return (faults[error.code] ?? faults[error.code.slice(0, 2)]) === 'data';
}

/** Whether the server answered with an error and its session goes on. */
export function sessionSurvives(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === 'ERROR';
}

/**
 * Whatever `pg` throws, as an error the other stages know. An error without an SQLSTATE is a connection that
 * could not be made or was lost. At a commit the outcome is then in doubt, and every write here is repeatable.
 *
 * @param dataFaultCode the error's code where the values are at fault
 */
export function ledgerError(error: unknown, dataFaultCode: OrderErrorCode): OrderError {
  if (isOrderError(error)) return error;
  const message = error instanceof Error ? error.message || error.name : String(error);
  return isDataFault(error)
    ? orderError(dataFaultCode, `the ledger refused the values: ${message}`, { cause: error })
    : orderError('ledger-unavailable', `the ledger did not answer: ${message}`, { cause: error });
}
