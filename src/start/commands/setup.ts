import type { Command } from 'commander';
import { complain } from '../complain.ts';
import { examples } from './examples.ts';

/** `migrate` and `config`: what comes before a role starts. */
export function addSetupCommands(program: Command): void {
  program
    .command('migrate')
    .description('bring the database and the broker to this version')
    .action(() => complain(runMigrate))
    .addHelpText('after', examples([['DATABASE_URL=… AMQP_URL=… REDIS_URL=… sluice migrate', '']]));

  program
    .command('config')
    .description('every setting with its value and where it comes from; secrets as ***')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }) => complain(() => runConfig(options)))
    .addHelpText('after', examples([['sluice config', '']]));
}

async function runMigrate(): Promise<void> {
  const [{ migrate }, { declareTopology }, { readConfig }, { findTarget }, { createLogger }] =
    await Promise.all([
      import('../../ledger/ledger.ts'),
      import('../../queue/topology.ts'),
      import('../../platform/config/read.ts'),
      import('../target.ts'),
      import('../../platform/logger.ts'),
    ]);
  const config = readConfig();
  const target = findTarget(config, process.cwd());
  await migrate(target.databaseUrl, console.log);
  const logger = createLogger('migrate', 'error');
  await declareTopology({
    ...target,
    queueMaxBytes: config.QUEUE_MAX_BYTES,
    followerQueueMaxBytes: config.FOLLOWER_QUEUE_MAX_BYTES,
    bridge: config.EVENT_BRIDGE === 'on',
    logger,
  });
  console.log('database and broker are up to date');
}

async function runConfig(options: { json?: boolean }): Promise<void> {
  const [{ listSettings }, { printSettings }] = await Promise.all([
    import('../../platform/config/describe.ts'),
    import('../print.ts'),
  ]);
  const listed = listSettings();
  if (options.json) console.log(JSON.stringify(listed, undefined, 2));
  else printSettings(listed);
}
