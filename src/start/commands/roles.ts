import type { Command } from 'commander';
import { redactSecrets } from '../../platform/redact.ts';
import { complain } from '../complain.ts';
import { printUrls } from '../print.ts';
import type { Environment } from '../supervise.ts';
import { examples } from './examples.ts';
import { exitCodes } from './exit-codes.ts';

/** `up` and one command for each role. */
export function addRoleCommands(program: Command, env: Environment): void {
  program
    .command('up')
    .description('everything on one machine: services, roles and a demo sale, until Ctrl-C')
    .action(() => complain(() => runUp(env)))
    .addHelpText(
      'after',
      examples([
        ['sluice up', ''],
        ['GATEWAYS=2 DRAINERS=2 sluice up', 'several of a role'],
      ]),
    );

  for (const role of ['gateway', 'drainer', 'ops'] as const) {
    program
      .command(role)
      .description(`the ${role} role, for a cluster`)
      .action(() => complain(() => runRoleByName(role)))
      .addHelpText('after', examples([[`DATABASE_URL=… AMQP_URL=… REDIS_URL=… sluice ${role}`, '']]));
  }
  addFollowerCommand(program);
}

/** `follower NAME`, and `follower NAME replay --sale ID`. */
function addFollowerCommand(program: Command): void {
  const command = program
    .command('follower')
    .description('the follower role, for a cluster: one process of the follower of that name')
    .argument('<name>', 'such as loyalty, ranking, mail or webhook-NAME')
    .argument('[action]', 'replay: give it the settled orders of a sale again that it has not handled')
    .option('--sale <id>', 'the sale to replay')
    .addHelpText(
      'after',
      examples([
        ['DATABASE_URL=… AMQP_URL=… REDIS_URL=… sluice follower loyalty', ''],
        ['sluice follower loyalty replay --sale demo', 'what its queue has dropped'],
      ]),
    )
    .action((name: string, action: string | undefined, options: { sale?: string }) => {
      if (action === undefined && options.sale === undefined) {
        return complain(async () => {
          const [{ runRole }, { composeFollower }] = await Promise.all([
            import('../role.ts'),
            import('../follower.ts'),
          ]);
          await runRole('follower', (context) => composeFollower(context, name));
        });
      }
      const saleId = options.sale;
      if (action !== 'replay' || saleId === undefined) {
        return command.error('error: a replay is `follower NAME replay --sale ID`');
      }
      return complain(async () => (await import('../replay.ts')).replayCommand(name, saleId));
    });
}

/** The first signal stops in order, the second at once; neither leaves anything running. */
async function runUp(env: Environment): Promise<void> {
  const [{ createUp }, { default: closeWithGrace }] = await Promise.all([
    import('../up.ts'),
    import('close-with-grace'),
  ]);
  const up = createUp((line) => console.log(line), env);
  let signals = 0;
  // No deadline here: every phase of the stop has its own.
  const grace = closeWithGrace({ delay: false, logger: false, skip: [...stopSignals] }, async ({ err }) => {
    if (err) console.error(redactSecrets(err.stack ?? err.message));
    console.log('stopping');
    await up.stop();
    console.log('stopped');
    if (signals > 1) process.exit(exitCodes.failed);
  });
  const onSignal = () => {
    signals += 1;
    if (signals === 1) return void grace.close();
    if (signals === 2) console.log('stopping at once');
    void up.hurry().catch(() => undefined);
  };
  for (const signal of stopSignals) process.on(signal, onSignal);
  const run = await up.start().catch((error: unknown) => {
    // The stop that is under way ends the process.
    if (signals > 0) return undefined;
    // Else the end of a failed start would pass for an orderly stop, with exit code 0.
    grace.uninstall();
    throw error;
  });
  if (run && signals === 0) printUrls(run);
}

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function runRoleByName(role: 'gateway' | 'drainer' | 'ops'): Promise<void> {
  const { runRole } = await import('../role.ts');
  switch (role) {
    case 'gateway':
      return runRole(role, (await import('../gateway.ts')).composeGateway);
    case 'drainer':
      return runRole(role, (await import('../drainer.ts')).composeDrainer);
    case 'ops':
      return runRole(role, (await import('../ops.ts')).composeOps);
  }
}
