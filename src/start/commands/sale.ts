import { createWriteStream } from 'node:fs';
import type { Command } from 'commander';
import { complain } from '../complain.ts';
import { operate } from './operate.ts';

/** `sale apply`, `list`, `export` and `archive`. */
export function addSaleCommands(program: Command): void {
  const sale = program.command('sale').description('sales: apply, list, export, archive');
  sale
    .command('apply')
    .description('create or update a sale from a JSON or YAML file')
    .argument('<file>')
    .action((file: string) =>
      complain(async () => {
        const { readSaleFile } = await import('../../ops/sale-file.ts');
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
          const { exportOrders } = await import('../../ops/export-orders.ts');
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
