import type { Command } from 'commander';
import { redactSecrets } from '../../platform/redact.ts';
import { complain } from '../complain.ts';
import { printUrls } from '../print.ts';
import { examples } from './examples.ts';

/** `up` and one command for each role. */
export function addRoleCommands(program: Command): void {
  program
    .command('up')
    .description('everything on one machine: services, roles and a demo sale, until Ctrl-C')
    .action(() => complain(runUp))
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
}

async function runUp(): Promise<void> {
  const [{ startUp }, { default: closeWithGrace }] = await Promise.all([
    import('../up.ts'),
    import('close-with-grace'),
  ]);
  const starting = startUp((line) => console.log(line));
  // No deadline here: every phase of the stop has its own.
  const grace = closeWithGrace({ delay: false, logger: false }, async ({ err }) => {
    if (err) console.error(redactSecrets(err.stack ?? err.message));
    console.log('stopping');
    await (await starting.catch(() => undefined))?.stop();
    console.log('stopped');
  });
  const up = await starting.catch((error: unknown) => {
    // Else the end of a failed start would pass for an orderly stop, with exit code 0.
    grace.uninstall();
    throw error;
  });
  printUrls(up.run);
}

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
