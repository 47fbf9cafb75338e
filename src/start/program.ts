import { createWriteStream } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { redactSecrets } from '../platform/redact.ts';
import { complain } from './complain.ts';
import { printStatus, printUrls } from './print.ts';

/** Exit codes, as the documentation lists them. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

/** The `sluice` command. Parts are loaded when they are used: a role does not pay for the others. */
export function createProgram(): Command {
  const program = new Command('sluice')
    .description('Flash-sale gateway: claims stock, queues the burst, drains it at a capped rate.')
    .showHelpAfterError()
    .exitOverride((error) => process.exit(error.exitCode === 0 ? exitCodes.ok : exitCodes.usage));

  program
    .command('up')
    .description('everything on one machine: services, roles and a demo sale, until Ctrl-C')
    .action(() => complain(runUp));

  for (const role of ['gateway', 'drainer', 'ops'] as const) {
    program
      .command(role)
      .description(`the ${role} role, for a cluster`)
      .action(() => complain(() => runRoleByName(role)));
  }

  program
    .command('migrate')
    .description('bring the database and the broker to this version')
    .action(() => complain(runMigrate));

  saleCommands(program.command('sale').description('sales: apply, list, export, archive'));

  program
    .command('status')
    .description('the cap, what waits, and the stock of every sale')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }) => complain(() => runStatus(options)));

  program
    .command('cap')
    .description('set how many orders per second are drained')
    .argument('<orders-per-second>', '1 to 1,000,000', wholeNumber)
    .action((ordersPerSecond: number) =>
      complain(() =>
        operate(async ({ ledger }) => {
          const cap = await ledger.setCap(ordersPerSecond, 'configured');
          console.log(`the cap is ${cap.ordersPerSecond} orders/s`);
        }),
      ),
    );
  program
    .command('pause')
    .description('stop draining; orders are still accepted')
    .action(() => complain(() => pause(true)));
  program
    .command('resume')
    .description('go on draining')
    .action(() => complain(() => pause(false)));

  program
    .command('config')
    .description('every setting with its value and where it comes from; secrets as ***')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }) => complain(() => runConfig(options)));

  deadLetterCommands(
    program.command('dead-letters').description('orders that could not be written: list, redrive, purge'),
  );

  program
    .command('reconcile')
    .description('publish again, or settle, what a crash or an outage left undone: one round')
    .option('--dry-run', 'only say what would be done')
    .option('--json', 'as JSON')
    .action((options: { dryRun?: boolean; json?: boolean }) =>
      complain(async () => (await import('./reconcile.ts')).reconcileCommand(options)),
    );

  program
    .command('audit')
    .description('check the promises against Postgres, Redis and RabbitMQ; exit 1 when one is broken')
    .option('--json', 'as JSON')
    .option('--sale <id>', 'this sale only')
    .option('--log <file>', "a load test's order log, to check what was answered")
    .action((options: { json?: boolean; sale?: string; log?: string }) => complain(() => runAudit(options)));
  return program;
}

function saleCommands(sale: Command): void {
  sale
    .command('apply')
    .description('create or update a sale from a JSON or YAML file')
    .argument('<file>')
    .action((file: string) =>
      complain(async () => {
        const { readSaleFile } = await import('../ops/sale-file.ts');
        const wanted = readSaleFile(file);
        await operate(async ({ sales }) => {
          const { created, rebuilding, gateways } = await sales.apply(wanted);
          console.log(
            `${created ? 'created' : 'updated'} ${wanted.saleId}: ` +
              (rebuilding
                ? 'its claims are rebuilt once the backlog has drained, then it opens'
                : `served by ${gateways} gateway(s)`),
          );
        });
      }),
    );
  sale
    .command('list')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }) =>
      complain(() =>
        operate(async ({ ledger }) => {
          const sales = await ledger.sales();
          if (options.json) return console.log(JSON.stringify(sales, undefined, 2));
          for (const { saleId, opensAtMs, closesAtMs, archived, items } of sales) {
            const times = `${new Date(opensAtMs).toISOString()} to ${new Date(closesAtMs).toISOString()}`;
            console.log(`${saleId}  ${times}${archived ? '  archived' : ''}`);
            for (const item of items) console.log(`  ${item.sku}  ${item.stockLeft} of ${item.stock} left`);
          }
        }),
      ),
    );
  sale
    .command('export')
    .description('the orders of a sale as CSV')
    .argument('<sale-id>')
    .option('--output <file>', 'write to a file instead of standard output')
    .action((saleId: string, options: { output?: string }) =>
      complain(() =>
        operate(async ({ ledger }) => {
          const { exportOrders } = await import('../ops/export-orders.ts');
          const output = options.output ? createWriteStream(options.output) : process.stdout;
          const orders = await exportOrders(ledger, saleId, output);
          console.error(`${orders} orders`);
        }),
      ),
    );
  sale
    .command('archive')
    .description('remove a finished sale from Redis')
    .argument('<sale-id>')
    .option('--from-ledger', 'delete it and its orders from Postgres too')
    .option('--force', 'although it is still open')
    .action((saleId: string, options: { fromLedger?: boolean; force?: boolean }) =>
      complain(() =>
        operate(async ({ sales }) => {
          const { orders } = await sales.archive(saleId, {
            fromLedger: options.fromLedger ?? false,
            force: options.force ?? false,
          });
          console.log(
            options.fromLedger
              ? `${saleId} and its ${orders} orders are deleted`
              : `${saleId} is out of Redis; its orders stay in Postgres`,
          );
        }),
      ),
    );
}

function deadLetterCommands(deadLetters: Command): void {
  deadLetters
    .command('list')
    .description('the oldest dead letters: what, why, when, and their history')
    .option('--json', 'as JSON')
    .option('--limit <n>', 'at most so many', positiveNumber, 100)
    .action((options: { json?: boolean; limit: number }) =>
      complain(async () => (await import('./dead-letters.ts')).listDeadLetters(options)),
    );
  const actions = {
    redrive: 'send orders through the ledger again; exit 1 when one has to stay',
    purge: 'give orders up: their pieces go back on sale; exit 1 when an ID is unknown',
  } as const;
  for (const [action, description] of Object.entries(actions) as ['redrive' | 'purge', string][]) {
    const command = deadLetters
      .command(action)
      .description(description)
      .option('--id <id...>', 'these letters, by their ID or their transaction ID')
      .option('--all', 'all letters')
      .option('--sale <id>', 'letters of this sale only')
      .option('--json', 'as JSON')
      .action((options: { id?: string[]; all?: boolean; sale?: string; json?: boolean }) => {
        const { id: ids, all, sale: saleId } = options;
        if ((ids === undefined) === (all === undefined))
          command.error('error: name --id or --all, one of both');
        return complain(async () => {
          const choice = { ...(ids ? { ids } : {}), ...(saleId === undefined ? {} : { saleId }) };
          const { handleDeadLetters } = await import('./dead-letters.ts');
          if (!(await handleDeadLetters(action, choice, options))) process.exitCode = exitCodes.failed;
        });
      });
  }
}

async function runUp(): Promise<void> {
  const [{ startUp }, { default: closeWithGrace }] = await Promise.all([
    import('./up.ts'),
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
  const { runRole } = await import('./role.ts');
  switch (role) {
    case 'gateway':
      return runRole(role, (await import('./gateway.ts')).composeGateway);
    case 'drainer':
      return runRole(role, (await import('./drainer.ts')).composeDrainer);
    case 'ops':
      return runRole(role, (await import('./ops.ts')).composeOps);
  }
}

async function runMigrate(): Promise<void> {
  const [{ migrate }, { declareTopology }, { readConfig }, { findTarget }, { createLogger }] =
    await Promise.all([
      import('../ledger/ledger.ts'),
      import('../queue/topology.ts'),
      import('../platform/config/read.ts'),
      import('./target.ts'),
      import('../platform/logger.ts'),
    ]);
  const config = readConfig();
  const target = findTarget(config, process.cwd());
  await migrate(target.databaseUrl, console.log);
  const logger = createLogger('migrate', 'error');
  await declareTopology({ ...target, queueMaxBytes: config.QUEUE_MAX_BYTES, logger });
  console.log('database and broker are up to date');
}

async function runStatus(options: { json?: boolean }): Promise<void> {
  const { readStatus } = await import('./status.ts');
  const status = await readStatus();
  if (options.json) console.log(JSON.stringify(status, undefined, 2));
  else printStatus(status);
}

async function runConfig(options: { json?: boolean }): Promise<void> {
  const [{ listSettings }, { printSettings }] = await Promise.all([
    import('../platform/config/describe.ts'),
    import('./print.ts'),
  ]);
  const listed = listSettings();
  if (options.json) console.log(JSON.stringify(listed, undefined, 2));
  else printSettings(listed);
}

async function runAudit(options: { json?: boolean; sale?: string; log?: string }): Promise<void> {
  const { auditCommand } = await import('./audit.ts');
  process.exitCode = (await auditCommand(options)) ? exitCodes.ok : exitCodes.failed;
}

async function pause(paused: boolean): Promise<void> {
  await operate(async ({ ledger }) => {
    await ledger.setPaused(paused);
    console.log(paused ? 'draining is paused; orders are still accepted' : 'draining goes on');
  });
}

async function operate(
  work: (operations: import('./operations.ts').Operations) => Promise<void>,
): Promise<void> {
  const { withOperations } = await import('./operations.ts');
  await withOperations(work);
}

function positiveNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('it must be a whole number from 1 up');
  return Number(text);
}

function wholeNumber(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new InvalidArgumentError('it must be a whole number from 1 to 1,000,000');
  return Number(text);
}
