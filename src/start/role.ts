import closeWithGrace from 'close-with-grace';
import type { Registry } from 'prom-client';
import { systemClock } from '../platform/clock.ts';
import type { Config } from '../platform/config/config.ts';
import { readConfig } from '../platform/config/read.ts';
import { createFailpoints, type HitFailpoint } from '../platform/failpoints.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import { createLogger, type Logger } from '../platform/logger.ts';
import { createRegistry } from '../platform/metrics.ts';
import { createMetricsServer } from '../platform/metrics-server.ts';
import { findTarget, type Target } from './target.ts';

export type RoleName = 'gateway' | 'drainer' | 'follower' | 'ops';

/** What a role is made of, for the composing function of that role. */
export interface RoleContext {
  readonly config: Config;
  readonly target: Target;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly clock: typeof systemClock;
  readonly hitFailpoint: HitFailpoint;
  /** Ends the process with exit code 1 after an orderly stop. */
  readonly fail: (error: unknown) => void;
}

/** A role, ready to start. */
export interface Role extends Lifecycle {
  /** Where it serves HTTP besides its metrics. */
  url?(): string;
}

/** What a role tells the process that supervises it. */
export interface ReadyMessage {
  readonly type: 'ready';
  readonly metricsUrl: string;
  readonly url?: string;
}

/**
 * Runs one role as this process: reads the configuration, serves `/metrics`, starts the role, and stops it in
 * order on SIGTERM, SIGINT, a lost supervisor or a fault. A second signal ends it at once.
 */
export async function runRole(
  name: RoleName,
  compose: (context: RoleContext) => Role | Promise<Role>,
): Promise<void> {
  const config = readConfig();
  const target = findTarget(config, process.cwd());
  const logger = createLogger(name, config.LOG_LEVEL);
  const registry = createRegistry();
  const metricsServer = createMetricsServer({
    registry,
    host: config.METRICS_HOST,
    port: config.METRICS_PORT,
  });
  let role: Role | undefined;
  let failed = false;

  const grace = closeWithGrace(
    { delay: config.SHUTDOWN_DEADLINE_MS, logger: false },
    async ({ err, signal }) => {
      if (err) logger.fatal({ err }, 'a fault that nobody foresaw; stopping');
      else logger.info({ signal }, 'stopping');
      await role?.stop(config.SHUTDOWN_DEADLINE_MS * 0.9);
      await metricsServer.stop(500);
      logger.info('stopped');
      if (failed) process.exit(1);
    },
  );
  const orphaned = () => {
    logger.warn('the supervisor is gone');
    void grace.close();
  };
  process.on('disconnect', orphaned);
  // It may have gone while this process was loading its code.
  if (process.connected === false) orphaned();

  try {
    role = await compose({
      config,
      target,
      logger,
      registry,
      clock: systemClock,
      hitFailpoint: createFailpoints(),
      fail: (error) => {
        failed = true;
        logger.fatal({ err: error }, 'the role failed');
        void grace.close();
      },
    });
    await metricsServer.start();
    await role.start();
  } catch (error) {
    // Else the end of a failed start would pass for an orderly stop, with exit code 0.
    grace.uninstall();
    throw error;
  }
  const ready: ReadyMessage = {
    type: 'ready',
    metricsUrl: metricsServer.url(),
    ...(role.url ? { url: role.url() } : {}),
  };
  process.send?.(ready);
  logger.info({ metricsUrl: ready.metricsUrl, url: ready.url }, 'ready');
}
