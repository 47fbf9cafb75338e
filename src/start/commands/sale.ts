import { open } from 'node:fs/promises';
import type { Command } from 'commander';
import { complain } from '../complain.ts';
import { examples } from './examples.ts';
import { operate } from './operate.ts';

/** `sale apply`, `list`, `export` and `archive`. */
export function addSaleCommands(program: Command): void {
  const sale = program.command('sale').description('sales: apply, list, export, archive');
  sale
    .command('apply')
    .description('create or update a sale from a JSON or YAML file; returns when every gateway serves it')
    .argument('<file>', 'its path; - for standard input')
    .option('--json', 'as JSON')
    .action((file: string, options: { json?: boolean }) => complain(() => applySale(file, options)))
    .addHelpText(
      'after',
      examples([
        ['sluice sale apply friday.yaml', ''],
        ['sluice sale apply friday.json --json', ''],
        ['sluice sale apply - < friday.yaml', 'where the file is out of its reach, as in a container'],
      ]),
    );
  sale
    .command('list')
    .description('every sale with its times and stock')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }) => complain(() => listSales(options)))
    .addHelpText('after', examples([["sluice sale list --json | jq -r '.[].saleId'", '']]));
  sale
    .command('export')
    .description('the settled orders of a sale as CSV')
    .argument('<sale-id>')
    .option('--output <file>', 'write to a file instead of standard output')
    .option('--json', 'one JSON object a line instead of CSV')
    .action((saleId: string, options: { output?: string; json?: boolean }) =>
      complain(() => exportSale(saleId, options)),
    )
    .addHelpText(
      'after',
      examples([
        ['sluice sale export friday --output friday.csv', 'for the warehouse'],
        ['sluice sale export friday --json | jq \'select(.status == "rejected")\'', ''],
      ]),
    );
  sale
    .command('archive')
    .description('remove a finished sale from Redis')
    .argument('<sale-id>')
    .option('--from-ledger', 'delete it and its orders from Postgres too')
    .option('--force', 'although it is still open')
    .option('--json', 'as JSON')
    .action((saleId: string, options: { fromLedger?: boolean; force?: boolean; json?: boolean }) =>
      complain(() => archiveSale(saleId, options)),
    )
    .addHelpText('after', examples([['sluice sale archive friday', 'its orders stay in Postgres']]));
}

async function applySale(file: string, options: { json?: boolean }): Promise<void> {
  const { readSaleFile } = await import('../../ops/sale-file.ts');
  const wanted = await readSaleFile(file);
  await operate(async ({ sales }) => {
    const { created, rebuilding, gateways } = await sales.apply(wanted);
    if (options.json) return printJson({ saleId: wanted.saleId, created, rebuilding, gateways });
    const now = rebuilding
      ? 'its claims are rebuilt once the backlog has drained, then it opens'
      : `served by ${gateways} gateway(s)`;
    console.log(`${created ? 'created' : 'updated'} ${wanted.saleId}: ${now}`);
  });
}

async function listSales(options: { json?: boolean }): Promise<void> {
  await operate(async ({ ledger }) => {
    const sales = await ledger.sales();
    if (options.json) return printJson(sales);
    for (const { saleId, opensAtMs, closesAtMs, archived, items } of sales) {
      const times = `${new Date(opensAtMs).toISOString()} to ${new Date(closesAtMs).toISOString()}`;
      console.log(`${saleId}  ${times}${archived ? '  archived' : ''}`);
      for (const item of items) console.log(`  ${item.sku}  ${item.stockLeft} of ${item.stock} left`);
    }
  });
}

async function exportSale(saleId: string, options: { output?: string; json?: boolean }): Promise<void> {
  const [{ exportOrders }, { knownSale }] = await Promise.all([
    import('../../ops/export-orders.ts'),
    import('../../ops/known-sale.ts'),
  ]);
  await operate(async ({ ledger }) => {
    // Before a file that is there is emptied.
    await knownSale(ledger, saleId);
    const output = options.output ? (await open(options.output, 'w')).createWriteStream() : process.stdout;
    const orders = await exportOrders(ledger, saleId, output, options.json ? 'json-lines' : 'csv');
    console.error(`${orders} orders`);
  });
}

async function archiveSale(
  saleId: string,
  options: { fromLedger?: boolean; force?: boolean; json?: boolean },
): Promise<void> {
  const { fromLedger = false, force = false } = options;
  await operate(async ({ sales }) => {
    const { orders } = await sales.archive(saleId, { fromLedger, force });
    if (options.json) return printJson({ saleId, deletedOrders: orders, inLedger: !fromLedger });
    console.log(
      fromLedger
        ? `${saleId} and its ${orders} orders are deleted`
        : `${saleId} is out of Redis; its orders stay in Postgres`,
    );
  });
}

function printJson(value: unknown): void {
  console.log(JSON.stringify(value, undefined, 2));
}
