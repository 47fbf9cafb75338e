import type { Random } from '../random.ts';

/** One way in which things go wrong, and how they are put right again. */
export interface Fault {
  /** Kebab-case, as `--faults` takes it. */
  readonly name: string;
  /** One line for people: what is done to what. */
  readonly summary: string;
  /** Strikes of the full count. */
  readonly strikes: number;
  /**
   * From the end of the fault until orders are answered 202 by every gateway and written again: `role` (a process of
   * ours was ended) 5 s, `neighbour` (anything else) 30 s.
   */
  readonly bound: 'role' | 'neighbour';
  /** It ends, freezes or reconfigures the servers themselves: left out on services that were not started here. */
  readonly needsPrivateServices?: true;
  /**
   * Strikes while load runs, and resolves once the fault is in force. All choices come from `random`, so that the
   * same seed does the same. A rejection ends the rehearsal: it is for rehearsals that cannot go on, not for a
   * product that misbehaves.
   */
  readonly strike: (context: FaultContext, random: Random) => Promise<Strike>;
}

export type Complain = (sentence: string) => void;

/** A fault in force. */
export interface Strike {
  /** What was done to what, for the line that is printed: `gateway 2 killed at claim-publish:7`. */
  readonly did: string;
  /** How long it stays in force before `heal` is called, while orders are sent; default 0. */
  readonly lastsMs?: number;
  /**
   * Ends the fault; the time to recover is counted from the moment it resolves. Also called, early, where the
   * rehearsal is interrupted. Whatever the fault itself saw that should not have been, told in one sentence each,
   * makes the rehearsal a NO-GO. Absent: the fault was over when `strike` resolved.
   */
  readonly heal?: (complain: Complain) => Promise<unknown>;
  /** Looks, once everything works again, whether the fault left something behind; what it tells is a NO-GO as well. */
  readonly inspect?: (complain: Complain) => Promise<unknown>;
}

/** What a fault can get at. */
export interface FaultContext {
  /** The servers themselves, never through a proxy. */
  readonly urls: ServerUrls;
  /** The sale that is on. */
  readonly saleId: () => string;
  readonly gateways: readonly RoleControl[];
  readonly drainers: readonly RoleControl[];
  /** Every role process: those above, `ops`, and whatever else is part of the instance. */
  readonly roles: readonly RoleControl[];
  /** The servers that were started for this rehearsal; `undefined` on services that were given. */
  readonly services: Readonly<Record<ServerName, ServerControl>> | undefined;
  /** How long something lasts: as told in the full count, at most 3 s in a sample. */
  readonly shortened: (fullMs: number) => number;
  /** Orders sent so far, retries and duplicates left out. */
  readonly ordersSent: () => number;
  /** Sends so many orders at once, beyond the others; resolves when all are answered, however. */
  readonly burst: (orders: number) => Promise<void>;
  /** Waits; rejects when the rehearsal is interrupted. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Resolves when `condition` holds; asked every 20 ms. Rejects, naming `what`, after `deadlineMs`. */
  readonly until: (
    what: string,
    condition: () => boolean | Promise<boolean>,
    deadlineMs: number,
  ) => Promise<void>;
  readonly signal: AbortSignal;
}

export interface ServerUrls {
  readonly databaseUrl: string;
  readonly amqpUrl: string;
  /** With user and password in it. */
  readonly amqpManagementUrl: string;
  readonly redisUrl: string;
  /** RabbitMQ's own metrics for Prometheus; unknown on services that were given. */
  readonly amqpMetricsUrl?: string;
}

export type ServerName = 'postgres' | 'rabbitmq' | 'redis';

/** A process of Sluice's own, under the supervisor of `sluice up`. */
export interface RoleControl {
  readonly role: string;
  /** How people call it: `gateway 1`. */
  readonly label: string;
  /** `undefined` while it is down. */
  readonly pid: () => number | undefined;
  /** Where it serves HTTP; the same over all its lives. */
  readonly url: () => string | undefined;
  readonly metricsUrl: () => string | undefined;
  /** Sends a signal; nothing where it is down. The supervisor starts again what ends. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Resolves when the process with this pid has ended. */
  readonly untilGone: (pid: number, deadlineMs: number) => Promise<void>;
  /** Resolves when it is ready, as a process other than `pid` where one is named. */
  readonly untilReady: (deadlineMs: number, otherThan?: number) => Promise<void>;
  /**
   * Stops it in order (SIGTERM) and starts it at once with these environment variables over its own, for one life
   * only: when that ends, by whatever cause, the supervisor starts it without them. Resolves when it is ready.
   * `{ SLUICE_FAILPOINT: 'claim-publish:3' }` makes it die there; `{ REDIS_URL: proxy.url }` sends it through a proxy.
   */
  readonly restart: (environment?: Readonly<Record<string, string>>) => Promise<void>;
  /**
   * The processes of this role that ended since this was last asked, and that nothing here had ended: no signal, no
   * restart, no failpoint. The supervisor may have started it again within a fifth of a second.
   */
  readonly takeLost: () => readonly number[];
}

/** A private PostgreSQL, RabbitMQ or Redis. Nobody starts it again but the fault that ended it. */
export interface ServerControl {
  readonly name: ServerName;
  /** `undefined` while it is down. */
  readonly pid: () => number | undefined;
  /** Signals the server and its children. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** SIGKILL to the server and its children; resolves when none is left. */
  readonly kill: () => Promise<void>;
  /** Starts it again on the same port with the data it had; resolves when it answers. */
  readonly start: () => Promise<void>;
  /** The folder with its data. */
  readonly folder: string;
}
