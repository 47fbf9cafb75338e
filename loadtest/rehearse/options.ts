import { randomInt } from 'node:crypto';
import { defaultManagementUrl } from '../../src/start/target.ts';
import type { Fault, ServerUrls } from './fault.ts';

/** What the user typed; what is absent is its default. */
export interface RehearseWords {
  readonly seed?: number;
  /** Names, separated by commas. */
  readonly faults?: string;
  readonly rounds?: number;
  readonly minutes?: number;
  readonly full?: boolean;
  readonly share?: number;
  readonly rate?: number;
  readonly gateways?: number;
  readonly drainers?: number;
  readonly onTheseServices?: boolean;
  /** `false`: times to recover are reported and not judged. */
  readonly bounds?: boolean;
  readonly folder?: string;
  readonly resume?: string;
  readonly report?: string;
  readonly json?: boolean;
  readonly list?: boolean;
}

/** A rehearsal as it will be run. */
export interface Settings {
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly length: { readonly rounds: number } | { readonly share: number };
  /** No strike begins after this. */
  readonly minutes: number;
  readonly full: boolean;
  readonly ordersPerSecond: number;
  readonly gateways: number;
  readonly drainers: number;
  readonly given: ServerUrls | undefined;
  readonly boundsJudged: boolean;
}

/** What the user typed cannot be done. */
export class RehearseUsageError extends Error {
  readonly code = 'USAGE';
}

/** Seeds that are drawn stay below it: `--seed` takes numbers of up to nine digits. */
const seedsEnd = 1_000_000_000;
const defaultRate = 100;
const defaultProcesses = 2;

/** @throws {RehearseUsageError} in one sentence that says what to do instead. */
export function settle(
  words: RehearseWords,
  faults: readonly Fault[],
  env: Readonly<Record<string, string | undefined>>,
): Settings {
  const given = givenServices(words, env);
  const { full = false, minutes, rounds, share } = words;
  if (share !== undefined && !full)
    throw new RehearseUsageError('--share is a part of the full count: add --full');
  if (full && rounds !== undefined)
    throw new RehearseUsageError('--full has its own rounds: leave --rounds out, or limit it with --share');
  return {
    seed: words.seed ?? randomInt(1, seedsEnd),
    faults: chooseFaults(words.faults, faults, given !== undefined),
    length: full
      ? { share: share ?? 1 }
      : { rounds: rounds ?? (minutes === undefined ? 1 : Number.POSITIVE_INFINITY) },
    minutes: minutes ?? Number.POSITIVE_INFINITY,
    full,
    ordersPerSecond: words.rate ?? defaultRate,
    gateways: words.gateways ?? defaultProcesses,
    drainers: words.drainers ?? defaultProcesses,
    given,
    boundsJudged: words.bounds ?? true,
  };
}

function chooseFaults(
  names: string | undefined,
  faults: readonly Fault[],
  onGivenServices: boolean,
): readonly Fault[] {
  const possible = (fault: Fault) => !(onGivenServices && fault.needsPrivateServices);
  if (names === undefined) return faults.filter(possible);
  return [...new Set(names.split(',').map((name) => name.trim()))].map((name) => {
    const fault = faults.find((known) => known.name === name);
    if (fault === undefined) {
      const known = faults.map((each) => each.name).join(', ');
      throw new RehearseUsageError(`there is no fault ${JSON.stringify(name)}; those known are: ${known}`);
    }
    if (!possible(fault)) {
      throw new RehearseUsageError(
        `${name} ends or freezes the servers themselves: it strikes private services only, so leave out --on-these-services`,
      );
    }
    return fault;
  });
}

/** Private services unless others are named and the user says that they are meant. */
function givenServices(
  { onTheseServices = false }: RehearseWords,
  env: Readonly<Record<string, string | undefined>>,
): ServerUrls | undefined {
  const { DATABASE_URL: databaseUrl, AMQP_URL: amqpUrl, REDIS_URL: redisUrl } = env;
  const named = ['DATABASE_URL', 'AMQP_URL', 'REDIS_URL'].filter((name) => env[name]);
  if (!onTheseServices) {
    if (named.length === 0) return undefined;
    throw new RehearseUsageError(
      `a rehearsal breaks things, and ${named.join(', ')} may name a shop's own services: unset ${named.length > 1 ? 'them' : 'it'} to rehearse on private ones, or add --on-these-services if they may be broken`,
    );
  }
  if (!databaseUrl || !amqpUrl || !redisUrl) {
    throw new RehearseUsageError(
      '--on-these-services needs them named: set DATABASE_URL, AMQP_URL and REDIS_URL',
    );
  }
  return {
    databaseUrl,
    amqpUrl,
    redisUrl,
    amqpManagementUrl: env.AMQP_MANAGEMENT_URL || defaultManagementUrl(amqpUrl),
  };
}
