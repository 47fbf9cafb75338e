import { isIP } from 'node:net';

/** A load test against a machine that somebody else may be using. */
export class ForeignTargetError extends Error {
  readonly code = 'FOREIGN_TARGET';
}

/** Whether a host can only be this machine: `localhost`, 127.0.0.0/8, ::1. Names are not looked up. */
export function isLoopback({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) === 4) return host.startsWith('127.');
  if (isIP(host) === 6) return host === '::1' || /^::ffff:7f[0-9a-f]{2}:/.test(host);
  return host === 'localhost' || host.endsWith('.localhost');
}

/** @throws {ForeignTargetError} for the first target beyond this machine, unless the caller owns them all. */
export function refuseForeignTargets(targets: readonly URL[], ownsTargets: boolean): void {
  const foreign = ownsTargets ? undefined : targets.find((target) => !isLoopback(target));
  if (foreign !== undefined) {
    throw new ForeignTargetError(
      `${foreign.origin} is not on this machine; add --i-own-this-target if it is yours to load`,
    );
  }
}
