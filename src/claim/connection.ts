import { Redis } from 'ioredis';
import { isOrderError, orderError } from '../order/errors.ts';
import { createBackOff } from '../platform/back-off.ts';
import type { Clock } from '../platform/clock.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';
import { createBreaker } from './breaker.ts';
import { clusterKeys } from './keys.ts';
import { replyCode, sentCommandError } from './redis-errors.ts';
import { loadScripts, runScript, type ScriptName } from './scripts.ts';

export interface ConnectionOptions {
  readonly redisUrl: string;
  /**
   * How long a command may take, 300 to 500 ms: shorter, and a slow fsync looks like an outage; longer, and
   * requests pile up behind a server that is gone.
   */
  readonly commandTimeoutMs: number;
  /** Pause of the hot path after a command that was not answered in time. */
  readonly reopenAfterMs: number;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** How often a server that is not vetted is asked whether it is now. */
const vettingPollMs = 200;

/**
 * One connection to Redis, and the two reasons not to use it although it stands: the server has restarted and
 * nobody has looked at what it still holds, or it stopped answering a moment ago.
 */
export interface Connection extends Lifecycle {
  /** Whether the hot path would be tried now: connected, vetted, not in the pause after a timeout. */
  available(): boolean;
  /** Runs a script on the hot path. @throws OrderError `claims-unavailable` or `claims-timeout` */
  hot(script: ScriptName, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Runs a script for operations, which work on a server that is not vetted too. Errors as for `hot`. */
  run(script: ScriptName, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Runs plain commands for operations. Errors as for `hot`. */
  send<Reply>(command: (redis: Redis) => Promise<Reply>): Promise<Reply>;
  currentRunId(): Promise<string>;
  /** Looks again whether this server is vetted. */
  checkVetting(): Promise<void>;
}

export function createConnection(options: ConnectionOptions): Connection {
  const { redisUrl, commandTimeoutMs, reopenAfterMs, logger, clock } = options;
  const scripts = loadScripts();
  const backOff = createBackOff({ firstMs: 50, maxMs: 1_000 });
  const stopped = new AbortController();
  let vetted = false;
  let connections = 0;
  let stopping: Promise<void> | undefined;
  let onFirstLook = () => {};

  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    enableOfflineQueue: false,
    // At the close of its connection a command has lost its answer. With any other number, what was under way is
    // forgotten without a word where the server is back by the first retry, and waits out its timeout (ioredis #2193).
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: commandTimeoutMs,
    connectTimeout: 2_000,
    noDelay: true,
    protocol: 2,
    disableClientInfo: true,
    retryStrategy: () => backOff.nextMs(),
  });
  const breaker = createBreaker({ reopenAfterMs, clock, probe: () => redis.ping() });

  redis.on('error', (error) => logger.debug({ err: error }, 'Redis connection failed'));
  redis.on('ready', () => {
    backOff.reset();
    void watchVetting(++connections);
  });
  redis.on('close', () => {
    vetted = false;
    connections += 1;
  });

  async function currentRunId(): Promise<string> {
    const info = await send((client) => client.info('server'));
    return /^run_id:(\S+)/m.exec(info)?.[1] ?? '';
  }

  /** A server that restarted may have forgotten claims: whoever vets it writes its `run_id` down. */
  async function checkVetting(): Promise<void> {
    const connection = connections;
    const [runId, vettedRunId] = await Promise.all([
      currentRunId(),
      send((client) => client.get(clusterKeys.run)),
    ]);
    if (connection === connections) vetted = runId !== '' && runId === vettedRunId;
  }

  async function watchVetting(connection: number): Promise<void> {
    let said = false;
    while (connection === connections && !stopped.signal.aborted) {
      const known = await checkVetting().then(
        () => true,
        () => false,
      );
      if (known) onFirstLook();
      if (connection !== connections) return;
      if (vetted) {
        logger.info('Redis is connected and vetted');
        return;
      }
      if (known && !said) {
        said = true;
        logger.warn('Redis has restarted or is new: no claims until it is vetted');
      }
      await clock.sleep(vettingPollMs, stopped.signal);
    }
  }

  async function send<Reply>(command: (client: Redis) => Promise<Reply>): Promise<Reply> {
    if (redis.status !== 'ready') throw orderError('claims-unavailable', 'Redis is not connected');
    try {
      return await command(redis);
    } catch (error) {
      throw sentCommandError(error);
    }
  }

  const run: Connection['run'] = (script, keys, args) =>
    send((client) => runScript(client, scripts[script], keys, args));

  const available = () => redis.status === 'ready' && vetted && !breaker.isOpen();

  return {
    available,
    send,
    run,
    currentRunId,
    checkVetting,

    async hot(script, keys, args) {
      if (!available()) throw orderError('claims-unavailable', unavailableBecause());
      try {
        return await run(script, keys, args);
      } catch (error) {
        // A server that answers, if only with an error, is not one to keep away from.
        if (isOrderError(error, 'claims-timeout') && replyCode(error.cause) === undefined) breaker.trip();
        throw error;
      }
    },

    async start() {
      if (stopped.signal.aborted) throw orderError('claims-unavailable', 'stopped');
      const looked = new Promise<void>((resolve, reject) => {
        onFirstLook = resolve;
        stopped.signal.addEventListener('abort', () => reject(orderError('claims-unavailable', 'stopped')));
      });
      redis.connect().catch(() => undefined);
      await looked;
    },

    stop(deadlineMs) {
      stopping ??= close(deadlineMs);
      return stopping;
    },
  };

  function unavailableBecause(): string {
    if (redis.status !== 'ready') return 'Redis is not connected';
    return vetted ? 'Redis did not answer a moment ago' : 'Redis is not vetted since it started';
  }

  async function close(deadlineMs: number): Promise<void> {
    stopped.abort();
    breaker.stop();
    if (redis.status === 'ready') {
      const over = new AbortController();
      const quit = redis.quit().catch(() => undefined);
      await Promise.race([quit, clock.sleep(deadlineMs, over.signal)]);
      over.abort();
    }
    redis.disconnect();
  }
}
